#include "hub/engine/route_set.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"
#include "hub/engine/routes/outcomes.h"
#include "hub/engine/session_records.h"
#include "routing/files/route_check.h"
#include "routing/files/route_record.h"

namespace headgate::hub {
namespace {

using Kind = routing::Sink::Kind;

// Messages for this kind of sink wait in a queue. A new kind has to say here, in open_queues() and in
// match() what becomes of its messages, or this does not compile.
bool has_queue(Kind kind) {
  switch (kind) {
    case Kind::upstream:
    case Kind::module_input:
      return true;
    case Kind::topic:
    case Kind::null:
    case Kind::dead_letter:  // of the hub, whose limits no route sets
      return false;
  }
  return false;
}

void add_errors(const std::vector<routing::RouteFileError>& errors, std::vector<RouteInfo>& infos) {
  for (const routing::RouteFileError& error : errors) {
    RouteInfo& info = infos.emplace_back();
    info.name = error.route;
    info.file = error.file;
    info.error = error.what;
  }
}

}  // namespace

RouteSet::RouteSet(store::QueueStore& store, core::Log& log)
    : store_(store), log_(log), rules_(store, log), compiled_(routes_of_before({})) {
  routed_.table = compiled_->table;
}

core::Status RouteSet::restore() {
  routing::RouteFile routes;
  auto tables = store_.for_each(kTablePrefix, [&routes](std::string_view key, std::string_view value) {
    auto table = routing::read_table_record(key.substr(kTablePrefix.size()), value);
    if (table) routes.tables.push_back(*std::move(table));
    return core::Status();
  });
  if (!tables) return tables;
  auto entries = store_.for_each(kRoutePrefix, [&routes](std::string_view key, std::string_view value) {
    auto entry = routing::read_route_record(key.substr(kRoutePrefix.size()), value);
    if (entry) routes.entries.push_back(*std::move(entry));
    return core::Status();
  });
  if (entries) compiled_ = routes_of_before(std::move(routes));
  return entries;
}

core::Status RouteSet::use(std::shared_ptr<CompiledRoutes> ready, const store::QueuePolicy& defaults) {
  auto routed = open_queues(ready->table, store_);
  if (!routed) return core::fail(routed.error());
  store::QueueId inputs_queue = 0;
  if (!ready->table->computing().empty()) {
    const auto queue = store_.open_queue(kInputsQueue, {store::QueueKind::computation});
    if (!queue) return core::fail(queue.error());
    inputs_queue = *queue;
  }
  inputs_queue_ = inputs_queue;
  counts_before_ = counts();
  const std::vector<store::KeyValue> records = std::exchange(ready->records, {});
  compiled_ = std::move(ready);
  routed_ = *std::move(routed);
  context_ = {};  // its counters are by route index, and start again with the table
  if (!records.empty()) (void)store_.put(records);  // if the store has failed, its owner has been told
  const core::Status ruled = rules_.use(uses(), defaults, let_go());
  report();
  return ruled;
}

LetGo RouteSet::let_go() {
  left_on_trial_.insert(compiled_->queues_let_go.begin(), compiled_->queues_let_go.end());
  if (on_trial_) return {false, {}};
  return {!compiled_->wanted.puzzling, std::exchange(left_on_trial_, {})};
}

core::Status RouteSet::settle(const store::QueuePolicy& defaults) {
  return rules_.use(uses(), defaults, let_go());
}

bool RouteSet::is_left_out(std::string_view route) const {
  return std::ranges::any_of(compiled_->statuses,
                             [&](const auto& status) { return status.name == route && !status.ok(); });
}

std::vector<routing::RouteFileEntry> RouteSet::entries_in_force() const {
  std::vector<routing::RouteFileEntry> entries;
  for (const routing::RouteFileEntry& entry : compiled_->wanted.routes.entries) {
    const auto known = in_force().find(entry.name);
    if (known != in_force().end() && known->second == &entry) entries.push_back(entry);
  }
  return entries;
}

std::set<std::string> RouteSet::files() const {
  std::set<std::string> files;
  for (const auto& [name, entry] : in_force()) files.insert(entry->file);
  return files;
}

std::span<const RouteSet::Hit> RouteSet::match(const core::Message& message, bool unchanged) {
  context_.set_unchanged(unchanged);
  table().match(message, context_, matches_);
  hits_.clear();
  for (const routing::Match& match : matches_) {
    const Destination& destination = routed_.destinations[match.endpoint];
    switch (destination.kind) {
      case Kind::upstream:
      case Kind::module_input:
        hits_.push_back({.queue = destination.queue, .lane = match.lane, .ttl_s = match.ttl_s});
        break;
      case Kind::dead_letter:
        hits_.push_back({.queue = destination.queue, .dead_by = &table().routes()[match.route].name});
        break;
      case Kind::topic:
        hits_.push_back({.republish_to = &destination.topic,
                         .retain = match.retain,
                         .republished_by = &table().routes()[match.route]});
        break;
      case Kind::null:  // the message ends here
        break;
    }
  }
  return hits_;
}

std::string_view RouteSet::stopped() const {
  if (stopped_.empty()) return {};
  for (const routing::RouteIndex route : context_.computing()) {
    const std::string& name = table().routes()[route].name;
    if (stopped_.contains(name)) return name;
  }
  return {};
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
  for (size_t i = 0; i < compiled_->statuses.size(); ++i) {
    if (!compiled_->statuses[i].ok()) continue;
    for (const uint32_t endpoint : table().routes()[*compiled_->statuses[i].route].endpoints) {
      const Destination& to = routed_.destinations[endpoint];
      if (has_queue(to.kind)) uses.push_back({to.queue, compiled_->wanted.routes.entries[i].queue});
    }
  }
  return uses;
}

void RouteSet::remove_unused_ways_up() {
  for (const store::QueueId queue : store_.queues()) {
    const store::QueueStats& stats = store_.stats(queue);
    if (stats.attributes.kind != store::QueueKind::link || stats.name == kUpstreamQueue) continue;
    if (stats.waiting() > 0 || !store_.gaps(queue).empty()) continue;
    if (std::ranges::find(routed_.destinations, queue, &Destination::queue) != routed_.destinations.end())
      continue;
    log_.info("queue_removed", {{"queue", stats.name}, {"reason", "no route leads there"}});
    (void)store_.remove_queue(queue);  // it stays until the next start if that fails
  }
}

routing::QueueRule RouteSet::rule_of(std::string_view route) const {
  const auto known =
      std::ranges::find(compiled_->wanted.routes.entries, route, &routing::RouteFileEntry::name);
  return known == compiled_->wanted.routes.entries.end() ? routing::QueueRule() : known->queue;
}

void RouteSet::add_counts(uint32_t route, RouteInfo& info) const {
  if (route >= context_.stats().size()) return;  // no message has come since the table is in force
  const routing::RouteStats& stats = context_.stats()[route];
  info.counts = stats.counts();
  info.undefined_last = table().last_reason(route, stats);
  info.undefined_last_ms = stats.last_ms;
  info.type_error_last = context_.type_error(route);
}

routing::RouteCounts RouteSet::counts() const {
  routing::RouteCounts sum = counts_before_;
  for (size_t i = 0; i < context_.stats().size(); ++i) {
    routing::RouteCounts counts = context_.stats()[i].counts();
    const auto& plan = table().plan(static_cast<routing::RouteIndex>(i));
    if (plan && plan->query.has_state()) counts.matched = counts.type_errors = counts.results = 0;
    sum += counts;
  }
  return sum;
}

routing::RouteCounts RouteSet::counts_of(routing::RouteIndex route) const {
  return route < context_.stats().size() ? context_.stats()[route].counts() : routing::RouteCounts();
}

RouteInfo RouteSet::about(size_t entry) const {
  const routing::RouteStatus& status = compiled_->statuses[entry];
  const routing::RouteFileEntry& wanted = compiled_->wanted.routes.entries[entry];
  RouteInfo info;
  info.name = status.name;
  info.file = wanted.file;
  info.text = status.text;
  info.priority = wanted.priority;
  info.active = status.ok();
  if (!status.ok()) info.error = error_of(status, wanted.file);
  const auto why = compiled_->wanted.kept.find(status.name);
  if (why == compiled_->wanted.kept.end()) return info;
  info.kept = true;
  info.error = why->second;
  return info;
}

std::vector<RouteInfo> RouteSet::describe() const {
  std::vector<RouteInfo> infos;
  for (size_t i = 0; i < compiled_->statuses.size(); ++i) {
    RouteInfo& info = infos.emplace_back(about(i));
    if (!info.active) continue;
    const routing::RouteIndex index = *compiled_->statuses[i].route;
    const routing::RouteInfo& route = table().routes()[index];
    info.source = routing::written_source(route.source, route.text);
    info.source_kind = routing::kind_name(route.source);
    for (const uint32_t endpoint : route.endpoints)
      info.endpoints.push_back(table().endpoints()[endpoint].name);
    info.ttl_s = route.ttl_s;
    add_counts(index, info);
  }
  add_errors(compiled_->wanted.routes.errors, infos);
  return infos;
}

std::vector<RouteInfo> RouteSet::describe_mistakes() const {
  std::vector<RouteInfo> infos;
  for (size_t i = 0; i < compiled_->statuses.size(); ++i) {
    const routing::RouteStatus& status = compiled_->statuses[i];
    if (!status.ok() || compiled_->wanted.kept.contains(status.name)) infos.push_back(about(i));
  }
  add_errors(compiled_->wanted.routes.errors, infos);
  return infos;
}

std::vector<LookupInfo> RouteSet::describe_lookups() const {
  std::vector<LookupInfo> infos;
  for (const routing::TableSource& table : compiled_->wanted.routes.tables) {
    LookupInfo info;
    info.name = table.name;
    info.origin = routing::describe(table);
    info.declared_in = table.declared_in;
    info.fault = table.fault;
    infos.push_back(std::move(info));
  }
  return infos;
}

void RouteSet::report() const {
  for (const RouteInfo& route : describe_mistakes()) {
    log_.error(route.kept ? "route_kept" : "route_left_out",
               {{"route", route.name}, {"file", route.file}, {"error", route.error}});
  }
  for (const routing::TableSource& table : compiled_->wanted.routes.tables) {
    if (table.fault.empty()) continue;
    log_.error("table_kept", {{"table", table.name},
                              {"file", table.declared_in},
                              {"error", table.fault},
                              {"effect", "the rows in force stay, if there are any"}});
  }
  for (const routing::RouteStatus& status : compiled_->statuses) {
    for (const routing::Diagnostic& diagnostic : status.diagnostics) {
      if (diagnostic.severity == routing::Severity::error) continue;
      log_.warn("route_warning",
                {{"route", status.name}, {"warning", routing::render(diagnostic, status.text)}});
    }
  }
  for (const routing::ManifestNote& note : compiled_->wanted.routes.without_effect)
    log_.warn("manifest_part_without_effect",
              {{"file", note.file}, {"part", note.path}, {"advice", note.advice}});
  log_.info("routes_in_force", {{"active", active()}, {"kept", kept()}, {"left_out", failed()}});
}

}  // namespace headgate::hub
