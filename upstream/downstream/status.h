// View that operators have of what comes down a link. Values of one moment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headgate::upstream {

// Counted since the start.
struct DownstreamCounts {
  uint64_t received = 0;
  uint64_t stored = 0;  // those without an id, too
  uint64_t repeated = 0;
  uint64_t refused = 0;           // those on topics that no entry takes, too
  uint64_t own = 0;               // what this hub had sent up itself
  uint64_t receipts = 0;          // that the broker took
  uint64_t receipts_dropped = 0;  // for lack of room, or refused by the broker
};

struct DownstreamStatus {
  size_t topics = 0;
  size_t not_granted = 0;  // of them, as of the last connection
  size_t receipts_waiting = 0;
  DownstreamCounts counts;
};

}  // namespace headgate::upstream
