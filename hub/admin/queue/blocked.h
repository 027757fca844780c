// Who drains a queue, and in words why what waits there does not go on: the one place where that is said. Pure: facts of one
// moment in, words out, which are true at that moment. They name what stands in the way and what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "hub/admin/hub_view.h"
#include "store/queue_attributes.h"
#include "upstream/links/report.h"

namespace headgate::hub {

// Facts that all queues share. Times are Unix ms; 0: it is not so, or not known.
struct DrainWorld {
  core::Now now;
  std::string store_error = {};  // empty: the store takes writes
  int64_t store_error_since_ms = 0;
  bool disk_low = false;
  int64_t links_down_since_ms = 0;   // no link has been up
  std::string unheard_topic = {};    // the topic of batches
  std::string computing_waits = {};  // why no step of computing routes can be taken; empty: it can
  upstream::UtcOffset offset = [](int64_t) {
    return int64_t{0};
  };  // of the zone in which links have their days
};

// Facts of one queue. Borrows what it points at for the call.
struct DrainFacts {
  std::string_view name;
  store::QueueKind kind = store::QueueKind::plain;
  uint16_t lanes = 0;  // in which something waits: bit n is lane n; 0: nothing waits
  bool paused = false;
  const QueueClient* client = nullptr;        // of a session's queue and of an input; null: nobody is known
  const upstream::QueueReport* up = nullptr;  // of a queue that links drain
  std::vector<const upstream::LinkReport*> links = {};  // that it may go over, the preferred first
  std::string_view held_back_by = {};                   // of results that wait for room: why
};

struct QueueDrain {
  // "client" | "module" | "link" | "routes" | "hub" (the hub keeps it for an operator) | "none"
  std::string_view kind = "none";
  std::string name = {};  // empty: nobody, or not one alone
  bool connected = false;
  std::string blocked = {};      // empty: messages go on, or none waits
  int64_t blocked_since_ms = 0;  // Unix time; 0: not blocked, or not known
};

// A client that acknowledges nothing, or a consumer upstream, is slow for so long before it counts as what blocks.
inline constexpr int64_t kQuietClientMs = 5'000;
inline constexpr int64_t kQuietConsumerMs = 10'000;
// A link whose byte rate is used up goes on so soon that nothing is blocked.
inline constexpr int64_t kShortPauseMs = 2'000;

[[nodiscard]] QueueDrain drain_of(const DrainFacts& queue, const DrainWorld& world);

}  // namespace headgate::hub
