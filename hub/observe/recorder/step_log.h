// Log of what happened to entries of queues, most recently, in memory of a fixed size. A step is of a range of a lane: neighbours
// to whom the same happened within a second are one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/change.h"

namespace headgate::hub {

struct Step {
  enum class Kind : uint8_t {
    handed,         // sent to a client
    batch_sent,     // in batch `number`
    batch_acked,    // the broker, or the consumer, has taken that batch
    batch_refused,  // with `code`
    delivered,      // ended so; and the next three
    expired,
    dropped,
    dead,
  };

  int64_t at_ms = 0;  // Unix time, of the first in the range
  store::Seq first = 0;
  store::Seq last = 0;
  uint64_t number = 0;  // of a batch; 0: it has none
  store::QueueId queue = 0;
  uint32_t count = 1;
  Kind kind = Kind::handed;
  uint8_t lane = store::kDefaultLane;
  uint8_t code = 0;

  [[nodiscard]] bool is_end() const { return kind >= Kind::delivered; }
};

class StepLog {
 public:
  // Takes at most so many bytes, this object not counted.
  explicit StepLog(size_t bytes);

  void add(const Step& step);

  // Finds those that are about this entry, oldest first. Of two ends the later one holds: a range may span entries that ended
  // otherwise, and later.
  [[nodiscard]] std::vector<Step> about(store::QueueId queue, uint8_t lane, store::Seq seq) const;
  // Unix time since when all steps are known; 0: nothing has been forgotten.
  [[nodiscard]] int64_t complete_since_ms() const { return forgotten_ms_; }
  [[nodiscard]] size_t bytes_used() const { return steps_.size() * sizeof(Step); }

 private:
  static constexpr size_t kNewest = 256;

  [[nodiscard]] bool joins(Step& newest, const Step& step) const;

  std::vector<Step> steps_;  // with room for `count_`
  size_t count_;
  uint64_t added_ = 0;  // in all: the next one's place is this modulo `count_`
  int64_t forgotten_ms_ = 0;
  std::array<uint64_t, kNewest> newest_{};  // by a hash of what it is about: `added_` as of then
};

}  // namespace headgate::hub
