// Batches that the upstream broker has taken and their consumer has not acknowledged. Their messages stay in the store, where
// a lane is not to read them again. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "store/queue_store.h"
#include "upstream/drain/flight.h"

namespace headgate::upstream {

class HeldBatches {
 public:
  // REQUIRES: it has a number, and none that is held. `wall_ms`: Unix time at which the broker took it.
  void add(Batch batch, int64_t wall_ms);
  // Nullopt if it is not held.
  [[nodiscard]] std::optional<Batch> take(uint64_t number);
  // Takes out the batches of greater numbers.
  void drop_above(uint64_t number);

  [[nodiscard]] bool holds(uint64_t number) const { return batches_.contains(number); }
  [[nodiscard]] size_t size() const { return batches_.size(); }
  // When the broker took the one of the least number, Unix time; 0: none is held.
  [[nodiscard]] int64_t since_ms() const { return batches_.empty() ? 0 : batches_.begin()->second.wall_ms; }
  [[nodiscard]] bool declares_gaps() const;
  // Whether a held batch has this message.
  [[nodiscard]] bool has(uint8_t lane, store::Seq seq) const;
  [[nodiscard]] size_t messages_of(uint8_t lane) const { return messages_[lane]; }

 private:
  struct Held {
    Batch batch;
    int64_t wall_ms = 0;
  };

  std::map<uint64_t, Held> batches_;  // by number
  std::array<std::map<store::Seq, const Batch*>, store::kLaneCount>
      by_last_message_;  // of those with messages
  std::array<size_t, store::kLaneCount> messages_{};
};

}  // namespace headgate::upstream
