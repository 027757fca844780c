// Time as an argument. Logic never reads a clock: its owner passes `Now`.
#pragma once

#include <cstdint>

namespace headgate::core {

// A reading of all clocks, taken together.
//
// Hub time is Unix time as long as nobody sets the clock. Within a boot it advances as CLOCK_BOOTTIME does,
// whatever the wall clock shows, so what is kept as a time in hub time ends after the time it was given
// (core/time/hub_time.h, docs/adr/0042).
struct Now {
  int64_t mono_ms = 0;      // monotonic, arbitrary origin: timeouts, keep-alive, backoff
  int64_t wall_ms = 0;      // Unix time, may jump: stamps, and what people wrote, such as certificates
  int64_t hub_ms = 0;       // hub time: deadlines and ages of all that is stored
  bool clock_right = true;  // the wall clock is known to be right

  constexpr Now() = default;
  // Reads a clock that nobody has set: hub time is Unix time.
  constexpr Now(int64_t mono, int64_t wall) : mono_ms(mono), wall_ms(wall), hub_ms(wall) {}

  friend bool operator==(const Now&, const Now&) = default;
};

// A moment of hub time as the wall clock of today shows it, for people. 0, "none", stays 0.
[[nodiscard]] constexpr int64_t wall_time_of(int64_t hub_ms, Now now) {
  return hub_ms == 0 ? 0 : hub_ms + now.wall_ms - now.hub_ms;
}

// Where shells read the time. Implemented by hub::HubClock and, in tests, by ManualClock.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Now now() const = 0;
  // The monotonic clock alone, finer and cheaper than now(): to measure how long something takes.
  [[nodiscard]] virtual int64_t mono_us() const { return now().mono_ms * 1'000; }
};

}  // namespace headgate::core
