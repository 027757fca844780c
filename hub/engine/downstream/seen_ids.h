// Ids of the commands and publishes that came last: one that comes again is known by its id. Bounded, and durable with the
// command itself, in the same Change. Described for outsiders in docs/store-format.md ("Values of the hub").
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Ids of the last hour, and the last kKept however old. Of more than kMax in an hour the oldest leave early.
class SeenIds {
 public:
  static constexpr size_t kMax = 65'536;
  static constexpr size_t kKept = 8'192;
  static constexpr int64_t kKeptMs = 3'600'000;

  // Reads what is durable. Call once, before anything else. Error: io.
  core::Status restore(const store::QueueReader& store);

  // A command as it is remembered: SHA-256 of its topic and id, and of its body, cut to 16 bytes each.
  using Digest = std::array<char, 16>;
  struct Mark {
    Digest id{};
    Digest content{};
  };
  [[nodiscard]] static Mark mark_of(std::string_view topic, uint8_t kind, std::string_view id,
                                    std::string_view body);

  enum class Known : uint8_t { no, yes, other_content };
  struct Found {
    Known known = Known::no;
    store::Seq seq = 0;  // durable with this one; 0: it is
  };
  [[nodiscard]] Found find(const Mark& mark) const;

  // Values to store with the command of that mark, and that it was: with this seq.
  [[nodiscard]] std::vector<store::KeyValue> next(const Mark& mark, int64_t hub_ms) const;
  void add(const Mark& mark, store::Seq seq, int64_t hub_ms);

  void on_durable(store::Seq up_to);
  // Forgets what was not durable.
  void on_failed();

  [[nodiscard]] size_t size() const { return numbers_.size(); }
  // Ids that left before their hour, since the start.
  [[nodiscard]] uint64_t left_early() const { return left_early_; }

 private:
  struct Seen {
    Mark mark;
    store::Seq seq = 0;
    int64_t hub_ms = 0;  // 0: before the hub wrote it down
  };
  struct Hash {
    size_t operator()(const Digest& digest) const;
  };

  [[nodiscard]] bool is_due(int64_t hub_ms) const;
  void forget_oldest();
  void put(const Mark& mark, store::Seq seq, int64_t hub_ms);

  uint64_t first_ = 0;                                  // number of the oldest in seen_
  std::deque<Seen> seen_;                               // numbered without a gap
  std::unordered_map<Digest, uint64_t, Hash> numbers_;  // by id
  std::deque<std::pair<store::Seq, uint64_t>> unsure_;  // numbers of those that are not durable yet
  uint64_t left_early_ = 0;
};

}  // namespace headgate::hub
