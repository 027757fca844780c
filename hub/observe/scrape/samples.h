// Values that metrics have of each queue, lane, route and link: copied on the loop in one turn, so that its sums are exact, and
// made into text elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "hub/observe/metric.h"
#include "routing/compute/route_counts.h"
#include "store/queue_store.h"

namespace headgate::hub {

struct LaneSample {
  uint8_t lane = 0;
  store::LaneStats stats = {};
  double oldest_age_s = 0;  // 0: nothing waits
};

// in = delivered + expired + dropped + dead + what waits in the lanes.
struct QueueSample {
  std::string name = {};
  uint64_t in = 0;
  uint64_t delivered = 0;
  uint64_t expired = 0;
  uint64_t dropped = 0;
  uint64_t dead = 0;
  uint64_t refused = 0;
  uint64_t paused = 0;        // 1: it hands out nothing
  uint64_t messages_max = 0;  // 0: no limit
  uint64_t bytes_max = 0;
  std::vector<LaneSample> lanes =
      {};  // that have had something since the start, and the one without a priority
};

struct RouteSample {
  std::string name = {};
  routing::RouteCounts counts = {};
};

struct LinkSample {
  std::string name = {};
  LabelledValues states = {};  // 1 at that one, 0 at the others
};

// Queues of sessions that are by name, those that are the longest; what is beyond is summed as one.
inline constexpr size_t kSessionQueuesNamed = 200;
inline constexpr std::string_view kOtherSessions = "$sessions";
// Routes that are by name, in the order of their files; the same holds beyond.
inline constexpr size_t kRoutesNamed = 1'000;
inline constexpr std::string_view kOtherRoutes = "$others";

// Queues with their lanes, in the order in which they were made, but for the sum, which is the last. Their number is
// bounded by the configuration and kSessionQueuesNamed. Reads nothing from the disk as long as the store is ticked.
[[nodiscard]] std::vector<QueueSample> sample_queues(store::QueueReader& store, core::Now now);

// Adds a route; once there are kRoutesNamed, to the sum.
void add_route(std::vector<RouteSample>& routes, const std::string& name, const routing::RouteCounts& counts);

// Everything that /metrics shows, of one turn of the loop.
struct Scrape {
  Readings readings = {};
  std::vector<std::pair<const Metric*, core::Histogram>> times = {};
  std::vector<QueueSample> queues = {};
  std::vector<RouteSample> routes = {};
  std::vector<LinkSample> links = {};
};

}  // namespace headgate::hub
