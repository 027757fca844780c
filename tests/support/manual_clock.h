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
  }
  // As when somebody sets the clock.
  void jump_wall_ms(int64_t ms) { now_.wall_ms += ms; }

 private:
  core::Now now_{1'000, 1'700'000'000'000};
};

}  // namespace headgate::testing
