// Whether the wall clock shows the time at all.
#pragma once

#include "core/clock.h"

namespace headgate::core {

// True if it is known not to: nobody has synchronised it, or it is before what the store has seen by more than clocks that are set right
// are moved. What people wrote as Unix time is then not enforced.
[[nodiscard]] constexpr bool is_clock_unset(Now now) {
  constexpr int64_t kMovedMs = 60'000;
  return !now.clock_right || now.wall_ms + kMovedMs < now.hub_ms;
}

}  // namespace headgate::core
