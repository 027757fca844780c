// Limits of a queue, and the fate of a message for which it has no room. A value: the owner sets it
// at each start, the store does not keep it.
#pragma once

#include <cstdint>

#include "core/on_full.h"

namespace headgate::store {

using core::OnFull;

// A limit of 0 is no limit. An empty queue takes one message whatever its size, so that a limit below a
// message's size holds nobody up for ever.
struct QueuePolicy {
  uint64_t messages_max = 0;
  uint64_t bytes_max = 0;  // topic + body + properties, as in LaneStats::waiting_bytes
  int64_t age_max_ms = 0;  // since arrival; what is older ends as expired
  OnFull on_full = OnFull::reject;

  [[nodiscard]] bool limits_size() const { return messages_max != 0 || bytes_max != 0; }

  friend bool operator==(const QueuePolicy&, const QueuePolicy&) = default;
};

// When an entry ends as expired under a policy: by its own time or by its age, whichever comes first; 0 =
// never. Unix time.
[[nodiscard]] inline int64_t ends_at_ms(const QueuePolicy& policy, int64_t arrived_hub_ms,
                                        int64_t expires_ms) {
  if (policy.age_max_ms == 0) return expires_ms;
  const int64_t aged_ms = arrived_hub_ms + policy.age_max_ms;
  return expires_ms != 0 && expires_ms < aged_ms ? expires_ms : aged_ms;
}

[[nodiscard]] inline bool has_expired(const QueuePolicy& policy, int64_t arrived_hub_ms, int64_t expires_ms,
                                      int64_t now_ms) {
  const int64_t end_ms = ends_at_ms(policy, arrived_hub_ms, expires_ms);
  return end_ms != 0 && end_ms <= now_ms;
}

}  // namespace headgate::store
