// Limits of the store as a whole, and of queues about which no route says more.
#pragma once

#include <cstdint>

#include "store/queue_policy.h"

namespace headgate::hub {

struct StoreLimits {
  uint64_t bytes_max = 0;      // of all queues together; 0 = none
  store::QueuePolicy queue;    // of queues that routes lead to
  store::QueuePolicy session;  // of persistent sessions' queues; never `reject`
  store::QueuePolicy dead;     // of the queue of dead letters; never `reject`
};

}  // namespace headgate::hub
