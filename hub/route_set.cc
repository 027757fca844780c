#include "hub/route_set.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"
#include "routing/route_check.h"

namespace headgate::hub {
namespace {

bool has_queue(const routing::Endpoint& endpoint) {
  return endpoint.kind == routing::Sink::Kind::upstream || endpoint.kind == routing::Sink::Kind::module_input;
}

bool is_input(std::string_view queue_name) {
  const auto topic = core::parse_module_topic(queue_name);
  return topic && topic->kind == core::ModuleTopic::Kind::input;
}

}  // namespace

RouteSet::RouteSet(store::QueueStore& store, core::Log& log)
    : store_(store), log_(log), table_(routing::RouteTable::build({}).table) {}

core::Status RouteSet::use(const routing::RouteFile& routes, uint32_t default_ttl_s) {
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
  remove_unused_queues();
  report();
  return {};
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
    if (is_input(name)) inputs.emplace(name, queue);
  }
  return inputs;
}

void RouteSet::remove_unused_queues() {
  const auto in_use = [this](store::QueueId queue) {
    return std::any_of(destinations_.begin(), destinations_.end(),
                       [&](const Destination& d) { return d.queue == queue; });
  };
  for (const store::QueueId queue : store_.queues()) {
    const store::QueueStats& stats = store_.stats(queue);
    if (!is_input(stats.name) || stats.waiting() > 0 || in_use(queue)) continue;
    // Its last message is gone, and no route leads there: nothing is lost but its counters.
    if (const auto removed = store_.remove_queue(queue); !removed) {
      log_.warn("queue_remove_failed", {{"error", removed.error().what}});
    }
  }
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
