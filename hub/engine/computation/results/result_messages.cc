#include "hub/engine/computation/results/result_messages.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/time/iso8601.h"
#include "routing/compute/result_topic.h"
#include "routing/table/came_down.h"
#include "store/dead_letter.h"

namespace headgate::hub {
namespace {

using Kind = routing::Sink::Kind;

std::shared_ptr<const core::Properties> properties_of(const std::string& route,
                                                      const routing::ComputeResult& result, bool unsynced) {
  auto properties = std::make_shared<core::Properties>();
  properties->content_type = "application/json";
  properties->user.push_back({"route", route});
  if (result.end_ms == 0) return properties;
  properties->user.push_back(
      {"window", core::iso8601_text(result.start_ms) + "/" + core::iso8601_text(result.end_ms)});
  properties->user.push_back({"rev", std::to_string(result.rev)});
  if (!result.complete) properties->user.push_back({"complete", "false"});
  if (unsynced) properties->user.push_back({"clock", "unsynced"});
  if (result.withdrawn) properties->user.push_back({"withdrawn", "true"});
  return properties;
}

// The queue's place in `queued` is that of the message with this topic.
void enqueue(const core::Message& draft, std::string topic, store::Target target,
             std::vector<QueuedResult>& queued, size_t from) {
  for (size_t i = from; i < queued.size(); ++i) {
    const auto same_queue = [&](const store::Target& other) { return other.queue == target.queue; };
    if (queued[i].message->topic != topic) continue;
    if (std::ranges::none_of(queued[i].targets, same_queue)) queued[i].targets.push_back(std::move(target));
    return;
  }
  auto message = std::make_shared<core::Message>(draft);
  message->topic = std::move(topic);
  queued.push_back({std::move(message), {std::move(target)}});
}

// By the route's time to live and, of a message that is passed on, by its own.
int64_t expiry_of(const routing::RouteInfo& route, const core::Message& draft) {
  const int64_t by_route_ms = route.ttl_s == 0 ? 0 : draft.arrived_hub_ms + int64_t{route.ttl_s} * 1000;
  if (by_route_ms == 0 || draft.expires_ms == 0) return std::max(by_route_ms, draft.expires_ms);
  return std::min(by_route_ms, draft.expires_ms);
}

store::Target target_of(const routing::RouteInfo& route, const Destination& to, const core::Message& draft,
                        int64_t expires_ms) {
  if (to.kind == Kind::dead_letter)
    return dead_letter_target(to.queue, route.name, "the route sends it INTO $deadletter", draft.arrived_ms);
  store::Target target;
  target.queue = to.queue;
  target.lane = route.lane;
  target.expires_ms = expires_ms;
  return target;
}

// The message itself goes into that queue for another sink of the route, and under its own topic.
bool is_picked(const RoutedTable& routed, routing::RouteIndex index, store::QueueId queue) {
  const routing::ComputePlan& plan = *routed.table->plan(index);
  for (size_t i = 0; i < plan.sinks.size(); ++i) {
    const bool picks = routing::takes_the_message(plan.query, plan.sinks[i]);
    if (picks && routed.destination(index, i).queue == queue) return true;
  }
  return false;
}

}  // namespace

store::Target dead_letter_target(store::QueueId dead, std::string_view route, std::string reason,
                                 int64_t at_ms) {
  store::DeadLetter letter;
  letter.queue.assign("route:").append(route);
  letter.death.reason = std::move(reason);
  letter.death.at_ms = at_ms;
  store::Target target;
  target.queue = dead;
  target.tag = store::encode_dead_letter(letter);
  return target;
}

// Windows by arrival are where the clock put them; those by event time are closed by what it shows.
bool ResultMessages::is_unsynced(const routing::ComputePlan& plan, const routing::ComputeResult& result,
                                 core::Now now) const {
  if (result.end_ms == 0) return false;
  if (!now.clock_right) return true;
  const bool by_arrival = plan.query.timestamp.empty();
  return by_arrival && doubtful_ &&
         doubtful_->overlap({result.start_ms, std::max(result.end_ms, result.start_ms + 1)});
}

core::Message ResultMessages::draft_of(const routing::ComputePlan& plan, const routing::ComputeResult& result,
                                       const core::Message* input) const {
  if (result.passes_on && input) {
    core::Message draft = *input;
    draft.retain = false;
    return draft;
  }
  const core::Now now = clock_.now();
  core::Message draft;
  draft.body = result.body;
  draft.properties = properties_of(plan.route, result, is_unsynced(plan, result, now));
  if (input) draft.source = input->source;
  draft.arrived_ms = now.wall_ms;
  draft.arrived_hub_ms = now.hub_ms;
  draft.qos = input ? input->qos : 1;
  draft.hops = input ? input->hops : result.hops;
  return draft;
}

void ResultMessages::make(const RoutedTable& routed, routing::RouteIndex index,
                          const routing::ComputeResult& result, const core::Message* input,
                          std::vector<QueuedResult>& queued, std::vector<core::MessagePtr>& published) {
  if (!result.passes_on && result.body.empty()) return;
  const routing::RouteInfo& route = routed.table->routes()[index];
  const routing::ComputePlan& plan = *routed.table->plan(index);
  const core::Message draft = draft_of(plan, result, input);
  const int64_t expires_ms = expiry_of(route, draft);
  const size_t first_queued = queued.size();
  for (size_t i = 0; i < plan.sinks.size(); ++i) {
    if (result.refused[i] || routing::takes_the_message(plan.query, plan.sinks[i])) continue;
    const Destination& to = routed.destination(index, i);
    const bool goes_back = to.kind == Kind::upstream && input != nullptr && routing::came_down(*input);
    if (goes_back && !route.send_back) continue;
    std::string topic = routing::named_topic(plan.sinks[i], result.topics[i]);
    if (to.kind == Kind::topic && rights_.allows(route, topic))
      publish(draft, std::move(topic), route.retain, published);
    if (to.kind == Kind::topic || to.kind == Kind::null) continue;
    if (topic.empty()) topic = result.passes_on ? draft.topic : routing::default_result_topic(route.name);
    if (result.passes_on && topic == draft.topic && is_picked(routed, index, to.queue)) continue;
    enqueue(draft, std::move(topic), target_of(route, to, draft, expires_ms), queued, first_queued);
  }
}

// A result that goes round among routes ends there.
void ResultMessages::publish(const core::Message& draft, std::string topic, bool retain,
                             std::vector<core::MessagePtr>& published) {
  if (draft.hops >= routing::kMaxHops) {
    const auto left_out = too_far_.admit(topic, clock_.now());
    if (left_out) log_.warn("hop_limit", {{"to", topic}, {"hops", draft.hops}, {"left_out", *left_out}});
    return;
  }
  auto message = std::make_shared<core::Message>(draft);
  message->topic = std::move(topic);
  message->retain = retain;
  ++message->hops;
  published.push_back(std::move(message));
}

}  // namespace headgate::hub
