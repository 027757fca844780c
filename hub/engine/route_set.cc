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

// The entries of which each is in force; `statuses` is empty if nothing was compiled yet.
GoodRoutes good_of(const WantedRoutes& wanted, std::span<const routing::RouteStatus> statuses) {
  GoodRoutes good;
  for (size_t i = 0; i < wanted.routes.entries.size(); ++i) {
    const routing::RouteFileEntry& entry = wanted.routes.entries[i];
    if (statuses.empty() || statuses[i].ok()) good.emplace(entry.name, &entry);
  }
  return good;
}

}  // namespace

RouteSet::RouteSet(store::QueueStore& store, core::Log& log)
    : store_(store), log_(log), rules_(store, log), routed_{routing::RouteTable::build({}).table, {}} {}

core::Status RouteSet::restore() {
  auto tables = store_.for_each(kTablePrefix, [this](std::string_view key, std::string_view value) {
    auto table = routing::read_table_record(key.substr(kTablePrefix.size()), value);
    if (table) wanted_.routes.tables.push_back(*std::move(table));
    return core::Status();
  });
  if (!tables) return tables;
  return store_.for_each(kRoutePrefix, [this](std::string_view key, std::string_view value) {
    auto entry = routing::read_route_record(key.substr(kRoutePrefix.size()), value);
    if (entry) wanted_.routes.entries.push_back(*std::move(entry));
    return core::Status();
  });
}

core::Status RouteSet::use(const routing::RouteFile& routes, uint32_t default_ttl_s,
                           const store::QueuePolicy& defaults) {
  WantedRoutes wanted = with_last_good(routes, in_force());
  keep_tables(wanted.routes, routes.errors, wanted_.routes.tables);
  auto built = build(wanted, default_ttl_s);

  auto routed = open_queues(built.table, store_);
  if (!routed) return core::fail(routed.error());
  store::QueueId inputs_queue = 0;
  if (!built.table->computing().empty()) {
    const auto queue = store_.open_queue(kInputsQueue, {store::QueueKind::computation});
    if (!queue) return core::fail(queue.error());
    inputs_queue = *queue;
  }
  inputs_queue_ = inputs_queue;
  counts_before_ = counts();
  const WantedRoutes before = std::exchange(wanted_, std::move(wanted));
  const auto statuses_before = std::exchange(statuses_, std::move(built.statuses));
  const GoodRoutes good_before = good_of(before, statuses_before);
  changes_ = changes_between(good_before, in_force());
  routed_ = *std::move(routed);
  context_ = {};  // its counters are by route index, and start again with the table
  remember();
  remember_tables(before.routes.tables);
  const LetGo let_go{!wanted_.puzzling, queues_let_go(good_before, changes_)};
  const core::Status ruled = rules_.use(uses(), defaults, let_go);
  report();
  return ruled;
}

std::vector<RouteOutcome> RouteSet::preview(const routing::RouteFile& routes, uint32_t default_ttl_s) const {
  WantedRoutes wanted = with_last_good(routes, in_force());
  keep_tables(wanted.routes, routes.errors, wanted_.routes.tables);
  const auto built = build(wanted, default_ttl_s);
  std::vector<RouteOutcome> all =
      outcomes({in_force(), table()}, {good_of(wanted, built.statuses), *built.table}, wanted.kept);
  for (size_t i = 0; i < built.statuses.size(); ++i) {
    const routing::RouteFileEntry& entry = wanted.routes.entries[i];
    if (built.statuses[i].ok()) continue;
    std::erase_if(all, [&](const RouteOutcome& one) { return one.route == entry.name; });
    all.push_back({entry.name, entry.file, "left out", "", error_of(built.statuses[i], entry.file)});
  }
  for (const routing::RouteFileError& error : wanted.routes.errors)
    all.push_back({error.route, error.file, "left out", "", error.what});
  return all;
}

// Compiles; what does not is compiled again in the version in force, if there is one.
routing::RouteTable::Built RouteSet::build(WantedRoutes& wanted, uint32_t default_ttl_s) const {
  const auto compile = [&] {
    return routing::RouteTable::build(routing::route_specs(wanted.routes.entries, default_ttl_s),
                                      wanted.routes.tables);
  };
  auto built = compile();
  const GoodRoutes known = in_force();
  bool again = false;
  for (size_t i = 0; i < built.statuses.size(); ++i) {
    if (built.statuses[i].ok()) continue;
    const std::string error = error_of(built.statuses[i], wanted.routes.entries[i].file);
    again = put_back(wanted, i, error, known) || again;
  }
  if (again) built = compile();
  const auto failed = [](const routing::RouteStatus& status) { return !status.ok(); };
  wanted.puzzling = wanted.puzzling || std::any_of(built.statuses.begin(), built.statuses.end(), failed);
  return built;
}

GoodRoutes RouteSet::in_force() const { return good_of(wanted_, statuses_); }

bool RouteSet::is_left_out(std::string_view route) const {
  return std::ranges::any_of(statuses_,
                             [&](const auto& status) { return status.name == route && !status.ok(); });
}

std::vector<routing::RouteFileEntry> RouteSet::entries_in_force() const {
  std::vector<routing::RouteFileEntry> entries;
  for (size_t i = 0; i < wanted_.routes.entries.size(); ++i)
    if (statuses_.empty() || statuses_[i].ok()) entries.push_back(wanted_.routes.entries[i]);
  return entries;
}

std::set<std::string> RouteSet::files() const {
  std::set<std::string> files;
  for (const auto& [name, entry] : in_force()) files.insert(entry->file);
  return files;
}

// Writes down what is in force, as far as it changed. If the store has failed, its owner has been told.
void RouteSet::remember() {
  std::vector<store::KeyValue> values;
  const GoodRoutes good = in_force();
  const auto key = [](std::string_view name) { return std::string(kRoutePrefix).append(name); };
  for (const auto* names : {&changes_.added, &changes_.changed}) {
    for (const std::string& name : *names)
      values.push_back({key(name), routing::route_record(*good.at(name))});
  }
  for (const std::string& name : changes_.removed) values.push_back({key(name), std::nullopt});
  if (!values.empty()) (void)store_.put(values);
}

void RouteSet::remember_tables(const std::vector<routing::TableSource>& before) {
  std::map<std::string, std::string> records;
  for (const routing::TableSource& table : wanted_.routes.tables)
    records[table.name] = routing::table_record(table);
  std::vector<store::KeyValue> values;
  const auto key = [](std::string_view name) { return std::string(kTablePrefix).append(name); };
  for (const routing::TableSource& table : before) {
    const auto now = records.find(table.name);
    if (now == records.end())
      values.push_back({key(table.name), std::nullopt});
    else if (now->second == routing::table_record(table))
      records.erase(now);
  }
  for (const auto& [name, record] : records) values.push_back({key(name), record});
  if (!values.empty()) (void)store_.put(values);
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
  for (size_t i = 0; i < statuses_.size(); ++i) {
    if (!statuses_[i].ok()) continue;
    for (const uint32_t endpoint : table().routes()[*statuses_[i].route].endpoints) {
      const Destination& to = routed_.destinations[endpoint];
      if (has_queue(to.kind)) uses.push_back({to.queue, wanted_.routes.entries[i].queue});
    }
  }
  return uses;
}

routing::QueueRule RouteSet::rule_of(std::string_view route) const {
  const auto known = std::ranges::find(wanted_.routes.entries, route, &routing::RouteFileEntry::name);
  return known == wanted_.routes.entries.end() ? routing::QueueRule() : known->queue;
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

std::vector<RouteInfo> RouteSet::describe() const {
  std::vector<RouteInfo> infos;
  for (size_t i = 0; i < statuses_.size(); ++i) {
    const routing::RouteStatus& status = statuses_[i];
    const routing::RouteFileEntry& entry = wanted_.routes.entries[i];
    RouteInfo info;
    info.name = status.name;
    info.file = entry.file;
    info.text = status.text;
    info.priority = entry.priority;
    info.active = status.ok();
    if (status.ok()) {
      const routing::RouteInfo& route = table().routes()[*status.route];
      for (const uint32_t endpoint : route.endpoints)
        info.endpoints.push_back(table().endpoints()[endpoint].name);
      info.ttl_s = route.ttl_s;
      add_counts(*status.route, info);
    } else {
      info.error = error_of(status, entry.file);
    }
    if (const auto why = wanted_.kept.find(status.name); why != wanted_.kept.end()) {
      info.kept = true;
      info.error = why->second;
    }
    infos.push_back(std::move(info));
  }
  for (const routing::RouteFileError& error : wanted_.routes.errors) {
    RouteInfo info;
    info.name = error.route;
    info.file = error.file;
    info.error = error.what;
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<LookupInfo> RouteSet::describe_lookups() const {
  std::vector<LookupInfo> infos;
  for (const routing::TableSource& table : wanted_.routes.tables) {
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
  for (const RouteInfo& route : describe()) {
    if (route.error.empty()) continue;
    log_.error(route.kept ? "route_kept" : "route_left_out",
               {{"route", route.name}, {"file", route.file}, {"error", route.error}});
  }
  for (const routing::TableSource& table : wanted_.routes.tables) {
    if (table.fault.empty()) continue;
    log_.error("table_kept", {{"table", table.name},
                              {"file", table.declared_in},
                              {"error", table.fault},
                              {"effect", "the rows in force stay, if there are any"}});
  }
  for (const routing::RouteStatus& status : statuses_) {
    for (const routing::Diagnostic& diagnostic : status.diagnostics) {
      if (diagnostic.severity == routing::Severity::error) continue;
      log_.warn("route_warning",
                {{"route", status.name}, {"warning", routing::render(diagnostic, status.text)}});
    }
  }
  for (const routing::ManifestNote& note : wanted_.routes.without_effect)
    log_.warn("manifest_part_without_effect",
              {{"file", note.file}, {"part", note.path}, {"advice", note.advice}});
  log_.info("routes_in_force", {{"active", active()}, {"kept", kept()}, {"left_out", failed()}});
}

}  // namespace headgate::hub
