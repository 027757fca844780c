// Readings of one key and window of time, on their way to become one row (docs/batch-format.md, "Folded rows"). Pure.
//
// A key is a topic, with the properties and the tag that all its readings have. Sixty readings of `{"temperature":81.25}`
// of one minute become
//
//   {"fold":60,"n":60,"from":1201,"to":7140,"last":1787000059000,
//    "of":{"/temperature":{"n":60,"sum":4875.25,"min":81,"max":81.5,"first":81.25,"last":81.5}}}
//
// and fifteen of those, in the same way, one with `"fold":900`. Whatever is no number is kept, under "same", if it was
// equal in all of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "hub/thinning/leaves.h"
#include "hub/thinning/summary.h"
#include "store/queue_store.h"

namespace headgate::hub {

// How much time an entry stands for.
enum class Resolution : uint8_t { reading, minute, quarter };
inline constexpr int64_t kMinuteMs = 60'000;
inline constexpr int64_t kQuarterMs = 15 * kMinuteMs;

// Content type of a row, which only the hub makes: a message of a client always has a source.
inline constexpr std::string_view kFoldType = "application/vnd.headgate-fold+json";
inline constexpr size_t kRowLeavesMax = 512;
[[nodiscard]] Resolution resolution_of(const core::Message& message, std::span<const Leaf> leaves);

// The part of a key that is not the topic.
[[nodiscard]] std::string key_of(const store::Entry& entry);

class Fold {
 public:
  // `into`: minute or quarter. The first entry gives topic, properties and tag.
  Fold(const store::Entry& first, Resolution into);

  // Takes an entry of this key and window, whose body has these leaves, and which is not coarser than the fold. False, and
  // it is not taken, if it is a row that cannot be read.
  [[nodiscard]] bool add(const store::Entry& entry, Resolution is, std::span<const Leaf> leaves);

  // In the order in which they were added.
  [[nodiscard]] const std::vector<store::Seq>& entries() const { return seqs_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }  // of the entries, as stored
  [[nodiscard]] bool is_of_one_row() const { return has_row_ && seqs_.size() == 1; }

  // The row with the time of the first reading; null if it would not be smaller than the entries, or a sum is beyond
  // the range of a double.
  [[nodiscard]] core::MessagePtr row() const;
  [[nodiscard]] const std::string& tag() const { return tag_; }
  [[nodiscard]] int64_t expires_ms() const { return expires_ms_; }  // with the last of its entries; 0: never

 private:
  // A moment with the entry that it is of.
  struct End {
    routing::Stamp stamp;
    int64_t hub_ms = 0;
  };
  struct Constant {
    std::string text;
    uint64_t count = 0;  // readings that had it
  };
  struct Row;

  void add_reading(const store::Entry& entry, std::span<const Leaf> leaves);
  void add_row(const store::Entry& entry, const Row& row);
  void add_times(const End& first, const End& last);
  void add_constant(std::string_view path, std::string_view text, uint64_t count);
  [[nodiscard]] std::optional<std::string> body() const;
  void append_constants(std::string& out) const;

  Resolution into_;
  core::Message draft_;  // of the row, without its body and its times
  std::string tag_;
  std::vector<store::Seq> seqs_;
  uint64_t bytes_ = 0;
  bool has_row_ = false;  // among its entries
  uint64_t readings_ = 0;
  End first_;
  End last_;
  int64_t expires_ms_ = 0;
  int64_t wish_ms_ = 0;  // the latest expiry by the publishers' wish; 0: one has none
  std::map<std::string, Summary, std::less<>> numbers_;
  std::map<std::string, Constant, std::less<>> constants_;
};

}  // namespace headgate::hub
