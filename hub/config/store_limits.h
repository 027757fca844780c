// Limits of the store as a whole, and of queues about which no route says more.
#pragma once

#include <cstdint>

#include "store/queue_policy.h"

namespace headgate::hub {

// A limit of 0 is none. One session or letter must not hold back everybody who publishes: neither `session` nor
// the dead letters `reject`.
struct StoreLimits {
  uint64_t bytes_max = 0;         // all queues together
  store::QueuePolicy queue = {};  // queues that routes lead to
  store::QueuePolicy session = {.bytes_max = 268'435'456, .on_full = core::OnFull::drop_newest};
  uint64_t dead_bytes_max = 67'108'864;

  // Beyond its limit the queue of dead letters drops the oldest. What is known about a letter is kept beside its
  // message and does not count in bytes: so there is a limit by number too.
  [[nodiscard]] store::QueuePolicy dead() const {
    constexpr uint64_t kBytesALetter = 1024;
    const uint64_t letters_max = (dead_bytes_max + kBytesALetter - 1) / kBytesALetter;
    return {letters_max, dead_bytes_max, 0, core::OnFull::drop_oldest};
  }
};

}  // namespace headgate::hub
