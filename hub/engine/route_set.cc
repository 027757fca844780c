#include "hub/engine/route_set.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"
#include "routing/files/route_check.h"

namespace headgate::hub {
namespace {

using Kind = routing::Sink::Kind;

// Messages for this kind of sink wait in a queue. A new kind has to say here, in destination_of() and in
// match() what becomes of its messages, or this does not compile.
bool has_queue(Kind kind) {
  switch (kind) {
    case Kind::upstream:
    case Kind::module_input:
      return true;
    case Kind::topic:
    case Kind::null:
      return false;
  }
  return false;
}

}  // namespace

RouteSet::RouteSet(store::QueueStore& store, core::Log& log)
    : store_(store), log_(log), rules_(store, log), table_(routing::RouteTable::build({}).table) {}

core::Status RouteSet::use(const routing::RouteFile& routes, uint32_t default_ttl_s,
                           const store::QueuePolicy& defaults) {
  auto built = routing::RouteTable::build(routing::route_specs(routes.entries, default_ttl_s));

  std::vector<Destination> destinations;
  for (const routing::Endpoint& endpoint : built.table->endpoints()) {
    auto destination = destination_of(endpoint);
    if (!destination) return core::fail(destination.error());
    destinations.push_back(*std::move(destination));
  }
  undecided_before_ = undecided();
  table_ = std::move(built.table);
  context_ = {};  // its counters are by route index, and start again with the table
  statuses_ = std::move(built.statuses);
  destinations_ = std::move(destinations);
  files_ = routes;
  const core::Status ruled = rules_.use(uses(), defaults);
  report();
  return ruled;
}

core::Result<RouteSet::Destination> RouteSet::destination_of(const routing::Endpoint& endpoint) {
  switch (endpoint.kind) {
    case Kind::upstream:
    case Kind::module_input: {
      const bool upstream = endpoint.kind == Kind::upstream;
      const auto attributes =
          upstream ? store::link_attributes() : store::QueueAttributes{store::QueueKind::input};
      const auto queue = store_.open_queue(endpoint.name, attributes);
      if (!queue) return core::fail(queue.error());
      return Destination{endpoint.kind, *queue, {}};
    }
    case Kind::topic:
      return Destination{endpoint.kind, 0, endpoint.topic};
    case Kind::null:
      return Destination{endpoint.kind, 0, {}};
  }
  return core::fail(core::Errc::invalid, "endpoint '" + endpoint.name + "' is of no known kind");
}

std::span<const RouteSet::Hit> RouteSet::match(const core::Message& message) {
  table_->match(message, context_, matches_);
  hits_.clear();
  for (const routing::Match& match : matches_) {
    const Destination& destination = destinations_[match.endpoint];
    switch (destination.kind) {
      case Kind::upstream:
      case Kind::module_input:
        hits_.push_back({destination.queue, match.lane, match.ttl_s, nullptr, false});
        break;
      case Kind::topic:
        hits_.push_back({0, 0, 0, &destination.topic, match.retain});
        break;
      case Kind::null:  // the message ends here
        break;
    }
  }
  return hits_;
}

std::map<std::string, store::QueueId> RouteSet::inputs() const {
  std::map<std::string, store::QueueId> inputs;
  for (const store::QueueId queue : store_.queues()) {
    const store::QueueStats& stats = store_.stats(queue);
    const bool is_input = stats.attributes.kind == store::QueueKind::input;
    if (is_input && !rules_.is_held(queue)) inputs.emplace(stats.name, queue);
  }
  return inputs;
}

// Collects the rules of each route in force for the queue that it leads to.
std::vector<QueueRules::Use> RouteSet::uses() const {
  std::vector<QueueRules::Use> uses;
  for (size_t i = 0; i < statuses_.size(); ++i) {
    if (!statuses_[i].ok()) continue;
    const Destination& to = destinations_[table_->routes()[*statuses_[i].route].endpoint];
    if (has_queue(to.kind)) uses.push_back({to.queue, files_.entries[i].queue});
  }
  return uses;
}

std::string RouteSet::error_of(const routing::RouteStatus& status, const std::string& file) const {
  std::string text;
  for (const routing::Diagnostic& diagnostic : status.diagnostics) {
    if (diagnostic.severity != routing::Severity::error) continue;
    text.append(file).append(": route '").append(status.name).append("': ");
    text.append(routing::render(diagnostic, status.text)).append("\n");
  }
  if (!text.empty()) text.pop_back();
  return text;
}

void RouteSet::add_counts(uint32_t route, RouteInfo& info) const {
  if (route >= context_.stats().size()) return;  // no message has come since the table is in force
  const routing::RouteStats& stats = context_.stats()[route];
  info.matched = stats.matched;
  info.undefined = stats.undefined;
  info.unreadable = stats.unreadable;
  info.undefined_last = table_->last_reason(route, stats);
  info.undefined_last_ms = stats.last_ms;
}

RouteSet::Undecided RouteSet::undecided() const {
  Undecided sum = undecided_before_;
  for (const routing::RouteStats& stats : context_.stats()) {
    sum.undefined += stats.undefined;
    sum.unreadable += stats.unreadable;
  }
  return sum;
}

std::vector<RouteInfo> RouteSet::describe() const {
  std::vector<RouteInfo> infos;
  for (size_t i = 0; i < statuses_.size(); ++i) {
    const routing::RouteStatus& status = statuses_[i];
    const routing::RouteFileEntry& entry = files_.entries[i];
    RouteInfo info;
    info.name = status.name;
    info.file = entry.file;
    info.text = status.text;
    info.priority = entry.priority;
    info.active = status.ok();
    if (status.ok()) {
      const routing::RouteInfo& route = table_->routes()[*status.route];
      info.endpoint = table_->endpoints()[route.endpoint].name;
      info.ttl_s = route.ttl_s;
      add_counts(*status.route, info);
    } else {
      info.error = error_of(status, entry.file);
    }
    infos.push_back(std::move(info));
  }
  for (const routing::RouteFileError& error : files_.errors) {
    RouteInfo info;
    info.name = error.route;
    info.file = error.file;
    info.error = error.what;
    infos.push_back(std::move(info));
  }
  return infos;
}

void RouteSet::report() const {
  for (const RouteInfo& route : describe()) {
    if (!route.active)
      log_.error("route_left_out", {{"route", route.name}, {"file", route.file}, {"error", route.error}});
  }
  for (const routing::RouteStatus& status : statuses_) {
    for (const routing::Diagnostic& diagnostic : status.diagnostics) {
      if (diagnostic.severity == routing::Severity::error) continue;
      log_.warn("route_warning",
                {{"route", status.name}, {"warning", routing::render(diagnostic, status.text)}});
    }
  }
  log_.info("routes_in_force", {{"active", active()}, {"left_out", failed()}});
}

}  // namespace headgate::hub
