// Time as an argument. Logic never reads a clock: its owner passes `Now`.
#pragma once

#include <cstdint>

namespace headgate::core {

// A reading of both clocks, taken together.
struct Now {
  int64_t mono_ms = 0;  // monotonic, arbitrary origin: timeouts, keep-alive, backoff
  int64_t wall_ms = 0;  // Unix time, may jump: arrival stamps, expiry

  friend bool operator==(const Now&, const Now&) = default;
};

// Where shells read the time. Implemented by core::SystemClock and, in tests, by ManualClock.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Now now() const = 0;
};

}  // namespace headgate::core
