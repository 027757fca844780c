// A queue as the loop owns it: its counters, lanes and gaps, and how they are stored
// (docs/store-format.md, "cur").
#pragma once

#include <array>
#include <memory>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "store/accounts/dilution.h"
#include "store/accounts/gaps.h"
#include "store/accounts/lane.h"
#include "store/queue_store.h"

namespace headgate::store {

struct QueueState {
  QueueStats stats;
  std::array<std::unique_ptr<Lane>, kLaneCount> lanes;  // null until the lane is used
  GapList gaps;
  std::unique_ptr<Dilution> dilution;  // null until the queue is thinned
  bool removed = false;                // forgotten by the owner; kept until its rows are swept
  bool dirty = false;                  // differs from what was handed to the writer

  Lane& lane(uint8_t number);
  [[nodiscard]] bool sweeping() const;
};

// Adds one to the counter of `outcome`.
void count_outcome(QueueStats& stats, Outcome outcome, uint64_t entries);

// Everything but id and name, which have a row of their own.
[[nodiscard]] std::string encode_queue_state(const QueueState& state);

// Error: corrupt.
[[nodiscard]] core::Status decode_queue_state(core::Bytes bytes, QueueState& state);

}  // namespace headgate::store
