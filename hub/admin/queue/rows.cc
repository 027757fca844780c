#include "hub/admin/queue/rows.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "hub/engine/computation/results/held_results.h"
#include "store/report/inspect.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

uint16_t lanes_with_something(const store::QueueStats& stats) {
  uint16_t lanes = 0;
  for (size_t lane = 0; lane < stats.lanes.size(); ++lane)
    if (stats.lanes[lane].waiting > 0) lanes |= static_cast<uint16_t>(1U << lane);
  return lanes;
}

// Mixes a value in as boost::hash_combine does, for 64 bits.
void mix(uint64_t& hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 12U) + (hash >> 4U);
  hash *= 0xff51afd7ed558ccdULL;
}

void mix(uint64_t& hash, std::string_view text) { mix(hash, std::hash<std::string_view>()(text)); }

// In the place of the brace that ends `row`.
void append_drain(std::string& row, const QueueDrain& drain) {
  const Json json = {
      {"consumer", {{"kind", drain.kind}, {"name", drain.name}, {"connected", drain.connected}}},
      {"blocked", drain.blocked},
      {"blocked_since_ms", drain.blocked_since_ms}};
  const std::string more = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  row.pop_back();
  row.append(",").append(more, 1);
}

}  // namespace

QueueRows::QueueRows(HubView& hub) : hub_(hub), readers_(hub.queue_readers()), up_(hub.upstream()) {
  HubStatus status = hub.status();
  world_ = {.now = hub.now(),
            .store_error = std::move(status.store_error),
            .store_error_since_ms = status.store_error_since_ms,
            .disk_low = status.disk_stopped != store::RoomFor::none,
            .links_down_since_ms = status.upstream.down_since_ms,
            .unheard_topic = std::move(status.upstream.unheard_topic),
            .computing_waits = readers_.computing_waits};
  for (const QueueClient& client : readers_.clients) clients_.emplace(client.queue, &client);
  find_ways();
}

void QueueRows::find_ways() {
  if (!up_) return;
  world_.offset = up_->offset;
  std::unordered_map<std::string_view, const upstream::LinkReport*> links;
  for (const upstream::LinkReport& link : up_->links) links.emplace(link.named.name, &link);
  for (const upstream::QueueReport& queue : up_->queues) {
    Way& way = ways_[queue.queue];
    way.queue = &queue;
    for (const std::string& name : queue.links)
      if (const auto link = links.find(name); link != links.end()) way.links.push_back(link->second);
  }
}

std::string_view QueueRows::held_back_by(std::string_view queue) {
  if (!queue.starts_with(kHeldResultsPrefix)) return {};
  if (!routes_wait_) {
    routes_wait_.emplace();
    for (RouteInfo& route : hub_.routes())
      if (route.computed) (*routes_wait_)[route.name] = std::move(route.computed->blocked_by);
  }
  const auto why = routes_wait_->find(queue.substr(kHeldResultsPrefix.size()));
  return why == routes_wait_->end() ? std::string_view() : why->second;
}

QueueDrain QueueRows::drain(store::QueueId queue) {
  const store::QueueStats& stats = hub_.store().stats(queue);
  DrainFacts facts{.name = stats.name,
                   .kind = stats.attributes.kind,
                   .lanes = lanes_with_something(stats),
                   .paused = stats.attributes.paused};
  if (const auto client = clients_.find(queue); client != clients_.end()) facts.client = client->second;
  if (const auto way = ways_.find(stats.name); way != ways_.end()) {
    facts.up = way->second.queue;
    facts.links = way->second.links;
  }
  if (facts.lanes != 0) facts.held_back_by = held_back_by(stats.name);
  return drain_of(facts, world_);
}

std::string QueueRows::row(store::QueueId queue) {
  auto row = store::queue_json(hub_.store(), hub_.store().stats(queue).name, hub_.now());
  if (!row) return "{}";
  append_drain(*row, drain(queue));
  return *std::move(row);
}

uint64_t QueueRows::signature(store::QueueId queue) {
  const store::QueueStats& stats = hub_.store().stats(queue);
  uint64_t hash = stats.id;
  for (const uint64_t count :
       {stats.in, stats.delivered, stats.expired, stats.dropped, stats.dead, stats.refused,
        stats.policy.messages_max, stats.policy.bytes_max, static_cast<uint64_t>(stats.policy.age_max_ms),
        static_cast<uint64_t>(stats.policy.on_full), static_cast<uint64_t>(stats.attributes.paused)})
    mix(hash, count);
  for (const store::LaneStats& lane : stats.lanes) {
    mix(hash, lane.waiting);
    mix(hash, lane.waiting_bytes);
  }
  for (const store::Gap& gap : hub_.store().gaps(queue)) {
    mix(hash, gap.to);
    mix(hash, gap.count);
  }
  const QueueDrain drained = drain(queue);
  mix(hash, drained.kind);
  mix(hash, drained.name);
  mix(hash, static_cast<uint64_t>(drained.connected));
  mix(hash, drained.blocked);
  mix(hash, static_cast<uint64_t>(drained.blocked_since_ms));
  return hash;
}

}  // namespace headgate::hub
