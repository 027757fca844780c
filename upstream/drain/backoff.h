// How long to wait before the next attempt to connect. Pure: time and randomness are arguments.
// Decorrelated jitter (Brooker, "Exponential Backoff And Jitter", 2015): each wait is drawn between the base
// and three times the wait before, up to a cap, so that many hubs behind one outage do not return as one.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "upstream/options.h"

namespace headgate::upstream {

class Backoff {
 public:
  // A link that was up at least this long has proven itself: the next wait starts at the base again.
  // A shorter one has not, or a broker that drops every connection at once would be hammered.
  static constexpr int64_t kStableMs = 30000;

  explicit Backoff(BackoffOptions options) : options_(options), previous_ms_(options.base_ms) {}

  // The connection that ended now had been up for `was_up_ms` (0 if it never came up).
  // `hopeless`: refused for a reason that only a person can change; waits about the cap at once.
  // `random` is any uniformly distributed number. Returns the wait in milliseconds.
  [[nodiscard]] int64_t next_ms(int64_t was_up_ms, bool hopeless, uint64_t random);

 private:
  BackoffOptions options_;
  int64_t previous_ms_;
};

// While connected: sends nothing for a time, because the upstream said "not now" or refuses everything.
class Pause {
 public:
  explicit Pause(BackoffOptions options) : backoff_(options) {}

  // The upstream said "not now". Waits longer each time, until something was accepted. Returns the wait.
  int64_t begin(core::Now now, uint64_t random);
  void begin_until(int64_t mono_ms) { until_ms_ = mono_ms; }
  void end() { until_ms_ = 0; }
  void on_accepted() { proven_ = true; }

  // Also notices that it is over.
  [[nodiscard]] bool holds(core::Now now);
  [[nodiscard]] int64_t ends_at() const { return until_ms_; }  // mono; 0: not paused

 private:
  Backoff backoff_;
  bool proven_ = true;
  int64_t until_ms_ = 0;
};

}  // namespace headgate::upstream
