// When the n-th message is due at an even rate. Integer arithmetic: a long run does not drift. And seconds as options
// and reports give them beside nanoseconds as the clock counts them.
#pragma once

#include <cstdint>

namespace headgate::tools::bench {

inline constexpr int64_t kNsPerSecond = 1'000'000'000;

[[nodiscard]] constexpr int64_t to_ns(double seconds) {
  return static_cast<int64_t>(seconds * static_cast<double>(kNsPerSecond));
}

[[nodiscard]] constexpr double to_s(int64_t ns) {
  return static_cast<double>(ns) / static_cast<double>(kNsPerSecond);
}

class Pacer {
 public:
  // `per_second` must not be 0. `start_ns`: when the first message is due.
  Pacer(uint64_t per_second, int64_t start_ns) : per_second_(per_second), start_ns_(start_ns) {}

  // How many messages are due by `now_ns`.
  [[nodiscard]] uint64_t due(int64_t now_ns) const;

  // When message `number` is due, counted from 0; due() counts it from then on.
  [[nodiscard]] int64_t due_at_ns(uint64_t number) const;

 private:
  uint64_t per_second_;
  int64_t start_ns_;
};

}  // namespace headgate::tools::bench
