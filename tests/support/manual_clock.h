// A clock that moves only when told.
#pragma once

#include "core/clock.h"

namespace headgate::testing {

class ManualClock : public core::Clock {
 public:
  [[nodiscard]] core::Now now() const override { return now_; }
  void advance_ms(int64_t ms) {
    now_.mono_ms += ms;
    now_.wall_ms += ms;
    now_.hub_ms += ms;
  }
  // Somebody sets the clock: hub time goes on as it did.
  void jump_wall_ms(int64_t ms) { now_.wall_ms += ms; }

  // Nobody knows any more whether the wall clock is right.
  void doubt() { now_.clock_right = false; }

 private:
  core::Now now_{1'000, 1'700'000'000'000};
};

}  // namespace headgate::testing
