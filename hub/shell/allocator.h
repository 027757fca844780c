// Bounds what the process keeps of memory that it does not use.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/clock.h"

namespace headgate::hub {

// Two arenas instead of eight for each core, and the thresholds of the allocator held at 1 MiB: it would raise them with
// the largest block that was ever freed, and then give nothing back. Held lower, each block of the store comes from the
// system, goes back to it, and has its pages cleared once more: that was half of what a stored message cost. Call before
// there is a second thread.
void bound_allocator();

// Says when to give back what the start and busy minutes have left in the allocator: once it is quiet after them, and at
// most once a minute, since that holds the allocator up for milliseconds. No I/O, no clock.
class IdleTrim {
 public:
  static constexpr int64_t kQuietMs = 10'000;
  static constexpr int64_t kPeriodMs = 60'000;
  static constexpr uint64_t kQuietWork = 20;    // between two ticks at most, to be quiet
  static constexpr uint64_t kWorthWork = 1000;  // since the last time, to be worth it

  // `work` is a count that only grows: messages, connections. Call every second.
  [[nodiscard]] bool due(uint64_t work, core::Now now);

 private:
  uint64_t work_ = 0;
  uint64_t trimmed_at_work_ = 0;
  std::optional<int64_t> quiet_since_ms_;  // monotonic
  std::optional<int64_t> trimmed_ms_;      // monotonic
};

// Gives the pages that nothing is in back to the system, and takes the pages of programs and libraries out of the process'
// memory: what is used of them is mapped again from the page cache, 16 pages at a time, and what only the start used is not.
// Takes about 2 ms for 10 MiB, and for so long the lock of an arena: on a thread, but not on one below the loop, which could
// lose its core while it holds that lock.
void trim_memory();

}  // namespace headgate::hub
