#include "hub/engine/route_set.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"
#include "routing/files/route_check.h"

namespace headgate::hub {
namespace {

bool has_queue(const routing::Endpoint& endpoint) {
  return endpoint.kind == routing::Sink::Kind::upstream || endpoint.kind == routing::Sink::Kind::module_input;
}

}  // namespace

RouteSet::RouteSet(store::QueueStore& store, core::Log& log)
    : store_(store), log_(log), rules_(store, log), table_(routing::RouteTable::build({}).table) {}

core::Status RouteSet::use(const routing::RouteFile& routes, uint32_t default_ttl_s,
                           const store::QueuePolicy& defaults) {
  auto built = routing::RouteTable::build(routing::route_specs(routes.entries, default_ttl_s));

  std::vector<Destination> destinations;
  for (const routing::Endpoint& endpoint : built.table->endpoints()) {
    Destination destination;
    if (endpoint.kind == routing::Sink::Kind::topic) destination.topic = endpoint.topic;
    if (has_queue(endpoint)) {
      const auto queue = store_.open_queue(endpoint.name);
      if (!queue) return core::fail(queue.error());
      destination.queue = *queue;
    }
    destinations.push_back(std::move(destination));
  }
  table_ = std::move(built.table);
  context_ = {};  // its counters are by route index, and start again with the table
  statuses_ = std::move(built.statuses);
  destinations_ = std::move(destinations);
  files_ = routes;
  const core::Status ruled = rules_.use(uses(), defaults);
  report();
  return ruled;
}

std::span<const RouteSet::Hit> RouteSet::match(const core::Message& message) {
  table_->match(message, context_, matches_);
  hits_.clear();
  for (const routing::Match& match : matches_) {
    const Destination& destination = destinations_[match.endpoint];
    if (destination.queue) {
      hits_.push_back({*destination.queue, match.lane, match.ttl_s, nullptr});
    } else if (!destination.topic.empty()) {
      hits_.push_back({0, 0, 0, &destination.topic});
    }  // else $null: the message ends here
  }
  return hits_;
}

std::map<std::string, store::QueueId> RouteSet::inputs() const {
  std::map<std::string, store::QueueId> inputs;
  for (const store::QueueId queue : store_.queues()) {
    const std::string& name = store_.stats(queue).name;
    if (QueueRules::is_input(name) && !rules_.is_held(queue)) inputs.emplace(name, queue);
  }
  return inputs;
}

// What each route in force says about the queue that it leads to.
std::vector<QueueRules::Use> RouteSet::uses() const {
  std::vector<QueueRules::Use> uses;
  for (size_t i = 0; i < statuses_.size(); ++i) {
    if (!statuses_[i].ok()) continue;
    const Destination& to = destinations_[table_->routes()[*statuses_[i].route].endpoint];
    if (to.queue) uses.push_back({*to.queue, files_.entries[i].queue});
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
      if (*status.route < context_.stats().size()) info.matched = context_.stats()[*status.route].matched;
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
