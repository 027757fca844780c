#include "hub/observe/scrape/samples.h"

#include <algorithm>

namespace headgate::hub {
namespace {

double age_s(int64_t since_ms, core::Now now) {
  if (since_ms == 0) return 0;
  return static_cast<double>(std::max<int64_t>(now.hub_ms - since_ms, 0)) / 1'000;
}

LaneSample sample_lane(store::QueueReader& store, const store::QueueStats& stats, uint8_t lane,
                       core::Now now) {
  const int64_t oldest_ms = stats.lanes[lane].waiting == 0 ? 0 : store.oldest_ms(stats.id, lane);
  return {lane, stats.lanes[lane], age_s(oldest_ms, now)};
}

// The lane without a priority is always there, so that a queue has a depth before it has had a message.
bool is_shown(const store::QueueStats& stats, uint8_t lane) {
  return lane == store::kDefaultLane || stats.lanes[lane].waiting_peak > 0;
}

QueueSample sample_queue(store::QueueReader& store, const store::QueueStats& stats, core::Now now) {
  QueueSample sample{stats.name,
                     stats.in,
                     stats.delivered,
                     stats.expired,
                     stats.dropped,
                     stats.dead,
                     stats.refused,
                     stats.attributes.paused,
                     stats.policy.messages_max,
                     stats.policy.bytes_max,
                     {}};
  for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) {
    if (is_shown(stats, lane)) sample.lanes.push_back(sample_lane(store, stats, lane, now));
  }
  return sample;
}

// A sum's peak is that of its longest, and its limit is none: neither has a meaning of its own.
void add_lane(QueueSample& sum, const LaneSample& more) {
  auto lane = std::ranges::find(sum.lanes, more.lane, &LaneSample::lane);
  if (lane == sum.lanes.end()) {
    sum.lanes.push_back(more);
    return;
  }
  lane->stats.waiting += more.stats.waiting;
  lane->stats.waiting_bytes += more.stats.waiting_bytes;
  lane->stats.waiting_peak = std::max(lane->stats.waiting_peak, more.stats.waiting_peak);
  lane->stats.waiting_bytes_peak = std::max(lane->stats.waiting_bytes_peak, more.stats.waiting_bytes_peak);
  lane->oldest_age_s = std::max(lane->oldest_age_s, more.oldest_age_s);
}

void add_queue(QueueSample& sum, const QueueSample& more) {
  for (uint64_t QueueSample::*const member :
       {&QueueSample::in, &QueueSample::delivered, &QueueSample::expired, &QueueSample::dropped,
        &QueueSample::dead, &QueueSample::refused, &QueueSample::paused})
    sum.*member += more.*member;
  for (const LaneSample& lane : more.lanes) add_lane(sum, lane);
}

}  // namespace

std::vector<QueueSample> sample_queues(store::QueueReader& store, core::Now now) {
  std::vector<QueueSample> samples;
  QueueSample others;
  size_t sessions = 0;
  const std::vector<store::QueueId> queues = store.queues();
  samples.reserve(queues.size());
  for (const store::QueueId queue : queues) {
    const store::QueueStats& stats = store.stats(queue);
    const bool of_session = stats.attributes.kind == store::QueueKind::session;
    sessions += of_session ? 1 : 0;
    if (of_session && sessions > kSessionQueuesNamed)
      add_queue(others, sample_queue(store, stats, now));
    else
      samples.push_back(sample_queue(store, stats, now));
  }
  if (sessions <= kSessionQueuesNamed) return samples;
  others.name = kOtherSessions;
  samples.push_back(std::move(others));
  return samples;
}

void add_route(std::vector<RouteSample>& routes, const std::string& name,
               const routing::RouteCounts& counts) {
  if (routes.size() < kRoutesNamed)
    routes.push_back({name, counts});
  else if (routes.size() == kRoutesNamed)
    routes.push_back({std::string(kOtherRoutes), counts});
  else
    routes.back().counts += counts;
}

}  // namespace headgate::hub
