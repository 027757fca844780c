// Order in which a link drains what waits for it when it comes up, and what comes meanwhile.
#pragma once

#include <cstdint>

namespace headgate::upstream {

// Within a lane; lanes keep their own order.
enum class DrainOrder : uint8_t {
  oldest_first,  // as it came
  live_first,    // what has come since the link is up before what waited then
  interleaved,   // a batch of each in turn
};

}  // namespace headgate::upstream
