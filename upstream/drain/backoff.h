// How long to wait before the next attempt to connect. Pure: time and randomness are arguments.
// Decorrelated jitter (Brooker, "Exponential Backoff And Jitter", 2015): each wait is drawn between the base
// and three times the wait before, up to a cap, so that many hubs behind one outage do not return as one.
#pragma once

#include <cstdint>

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

}  // namespace headgate::upstream
