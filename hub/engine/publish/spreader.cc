#include "hub/engine/publish/spreader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "hub/engine/computation/inputs.h"

namespace headgate::hub {
namespace {

// The earlier of two expiries, where 0 means never.
int64_t earlier(int64_t a_ms, int64_t b_ms) {
  if (a_ms == 0 || b_ms == 0) return std::max(a_ms, b_ms);
  return std::min(a_ms, b_ms);
}

store::Target target_of(const core::Message& message, const RouteSet::Hit& hit) {
  if (hit.dead_by)
    return dead_letter_target(hit.queue, *hit.dead_by, "the route sends it INTO $deadletter",
                              message.arrived_ms);
  const int64_t route_expires_ms = hit.ttl_s == 0 ? 0 : message.arrived_hub_ms + int64_t{hit.ttl_s} * 1000;
  return {hit.queue, hit.lane, earlier(route_expires_ms, message.expires_ms), {}};
}

}  // namespace

void Spread::clear() {
  targets.clear();
  more_targets.clear();
  republished.clear();
  results.clear();
  computed = false;
  unchanged = false;
  stopped_by.clear();
  stored_as_input = false;
  returned = false;
}

Spreader::Spreader(const Parts& parts)
    : routes_(parts.routes),
      retained_(parts.retained),
      rights_(parts.rights),
      clock_(parts.clock),
      log_(parts.log),
      fan_out_(parts.broker),
      returned_(parts.hub_id, parts.log),
      results_(parts.rights, parts.clock, parts.log) {}

void Spreader::find(const broker::Session* from, const core::Message& message, Spread& out,
                    const core::Message* coming) {
  out.clear();
  fan_out_.find(from, message);
  fan_out_.add_targets(message, out.targets, out.more_targets);
  route(message, coming, out);
}

bool Spreader::compares_retained() const { return routes_.table().asks_for_unchanged(); }

void Spreader::deliver(const core::MessagePtr& message) {
  fan_out_.find(nullptr, *message);
  fan_out_.deliver_from_memory(message, clock_.now());
}

void Spreader::route(const core::Message& message, const core::Message* coming, Spread& out) {
  out.returned = returned_.notice(message, clock_);
  if (out.returned) return;
  out.unchanged = message.retain && compares_retained() && retained_.repeats(message, coming, clock_.now());
  for (const RouteSet::Hit& hit : routes_.match(message, out.unchanged)) {
    if (hit.republish_to)
      republish(message, hit, out);
    else
      out.targets.push_back(target_of(message, hit));
  }
  if (!routes_.projecting().empty()) add_results(message, out);
  out.stopped_by = routes_.stopped();
  out.computed = routes_.computed() || routes_.changes_lookup();
  // A change of a table outlives a crash whatever its QoS, as what is retained does.
  out.stored_as_input = out.computed && (message.qos > 0 || routes_.changes_lookup());
  if (out.stored_as_input)
    out.targets.push_back({routes_.inputs_queue(), store::kDefaultLane, 0,
                           out.unchanged ? std::string(kUnchangedTag) : std::string()});
}

void Spreader::republish(const core::Message& message, const RouteSet::Hit& hit, Spread& out) {
  const std::string& topic = *hit.republish_to;
  if (!rights_.allows(*hit.republished_by, topic)) return;
  if (message.hops >= routing::kMaxHops) {
    log_.warn("hop_limit", {{"topic", message.topic}, {"to", topic}, {"hops", message.hops}});
    return;
  }
  auto copy = std::make_shared<core::Message>(message);
  copy->topic = topic;
  copy->retain = hit.retain;
  ++copy->hops;
  out.republished.push_back(std::move(copy));
}

void Spreader::add_results(const core::Message& message, Spread& out) {
  for (const routing::RouteIndex route : routes_.projecting())
    results_.make(routes_.routed(), route, routes_.project(route), &message, out.results, out.republished);
}

}  // namespace headgate::hub
