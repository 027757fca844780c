// Ids of the commands that came down last: a command that comes again is known by its id. Bounded, and durable with the
// command itself, in the same Change. Described for outsiders in docs/store-format.md ("Values of the hub").
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A place in a ring of kMax: the oldest id makes room for the newest.
class SeenIds {
 public:
  static constexpr size_t kMax = 8192;

  // Reads what is durable. Call once, before anything else. Error: io.
  core::Status restore(const store::QueueReader& store);

  // A command as it is remembered: SHA-256 of its topic and id, and of its body, cut to 16 bytes each.
  struct Mark {
    std::string id;
    std::string content;
  };
  [[nodiscard]] static Mark mark_of(std::string_view topic, uint8_t kind, std::string_view id,
                                    std::string_view body);

  enum class Known : uint8_t { no, yes, other_content };
  struct Found {
    Known known = Known::no;
    store::Seq seq = 0;  // durable with this one; 0: it is
  };
  [[nodiscard]] Found find(const Mark& mark) const;

  // The value to store with the command of that mark, and that it was: with this seq.
  [[nodiscard]] store::KeyValue next(const Mark& mark) const;
  void add(const Mark& mark, store::Seq seq);

  void on_durable(store::Seq up_to);
  // Forgets what was not durable.
  void on_failed();

  [[nodiscard]] size_t size() const { return seen_.size(); }

 private:
  struct Seen {
    std::string content;
    store::Seq seq = 0;
  };

  void put(size_t slot, const Mark& mark, store::Seq seq);

  uint64_t count_ = 0;                                     // of all ids, ever: the next has this number
  std::unordered_map<std::string, Seen> seen_;             // by id
  std::unordered_map<size_t, std::string> ring_;           // ids by their place
  std::deque<std::pair<store::Seq, std::string>> unsure_;  // ids that are not durable yet
};

}  // namespace headgate::hub
