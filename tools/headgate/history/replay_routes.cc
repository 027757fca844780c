#include "tools/headgate/history/replay_routes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/topic.h"
#include "routing/files/route_check.h"
#include "routing/files/route_record.h"
#include "routing/table/compile.h"
#include "routing/table/route_table.h"
#include "tools/headgate/history/tables.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using routing::RouteFileEntry;
using Entries = std::vector<RouteFileEntry>;

// Keys of the records of routes in force, and of tables that are declared, in a hub's store (docs/store-format.md, "Values of the hub").
constexpr std::string_view kRouteRecords = "route/";
constexpr std::string_view kTableRecords = "table/";

core::Unexpected mistakes_of(const routing::RouteFile& file) {
  std::string lines;
  for (const auto& error : file.errors) lines.append(lines.empty() ? "" : "\n").append(error.what);
  return core::fail(core::Errc::invalid, lines);
}

using Tables = std::vector<routing::TableSource>;

// Routes, and tables that they may look up in.
struct Version {
  Entries entries;
  Tables tables;
};

core::Result<Version> version_of_file(const std::string& path) {
  routing::RouteFile file = read_routes({path});
  if (!file.errors.empty()) return mistakes_of(file);
  return Version{std::move(file.entries), std::move(file.tables)};
}

core::Result<Version> version_of_directory(const store::QueueReader& reader) {
  Version version;
  const auto routes = reader.for_each(kRouteRecords, [&](std::string_view key, std::string_view value) {
    auto entry = routing::read_route_record(key.substr(kRouteRecords.size()), value);
    if (entry) version.entries.push_back(*std::move(entry));
    return core::Status();
  });
  if (!routes) return core::fail(routes.error());
  const auto tables = reader.for_each(kTableRecords, [&](std::string_view key, std::string_view value) {
    auto table = routing::read_table_record(key.substr(kTableRecords.size()), value);
    if (table) version.tables.push_back(*std::move(table));
    return core::Status();
  });
  if (!tables) return core::fail(tables.error());
  return version;
}

core::Result<Version> version_in_force(const Context& context) {
  if (context.reader != nullptr) return version_of_directory(*context.reader);
  const auto text = context.hub.get("/v1/routes/records");
  if (!text) return core::fail(text.error());
  auto file = routing::read_records(*text);
  if (!file) return core::fail(file.error());
  return Version{std::move(file->entries), std::move(file->tables)};
}

// Tables that routes look up in, of these.
Tables used(const Entries& entries, const Tables& tables) {
  const auto built = routing::RouteTable::build(routing::route_specs(entries, 0), tables);
  Tables found;
  for (const auto& table : built.table->tables()) found.push_back(*table);
  return found;
}

// Error: rows of one of them are not known.
core::Result<Tables> held_still(Tables tables) {
  for (const routing::TableSource& table : tables)
    if (!table.rows) return core::fail(core::Errc::invalid, table.fault);
  hold_still(tables);
  return tables;
}

bool is_among(const Entries& entries, std::string_view name) {
  return std::ranges::find(entries, name, &RouteFileEntry::name) != entries.end();
}

// `own`, and behind them those of `others` that have other names.
template <typename Named>
std::vector<Named> with_others(std::vector<Named> own, const std::vector<Named>& others) {
  const auto count = std::ssize(own);
  for (const Named& other : others) {
    const bool replaced = std::any_of(own.begin(), own.begin() + count,
                                      [&](const Named& one) { return one.name == other.name; });
    if (!replaced) own.push_back(other);
  }
  return own;
}

std::optional<routing::CompiledRoute> compile_entry(const RouteFileEntry& entry) {
  std::vector<routing::Diagnostic> ignored;
  return routing::compile_route(entry.text, entry.semantics, entry.body, ignored);
}

// Some route publishes what this one reads, so it comes out of the replay itself.
bool is_fed(const routing::RouteSource& source, const Entries& entries) {
  if (source.kind != routing::RouteSource::Kind::topic_filter) return false;
  return std::ranges::any_of(entries, [&](const RouteFileEntry& entry) {
    const auto route = compile_entry(entry);
    return route && std::ranges::any_of(route->sinks, [&](const routing::Sink& sink) {
             return sink.kind == routing::Sink::Kind::topic && sink.filled_in.empty() &&
                    core::topic_matches(source.text, sink.topic);
           });
  });
}

// Topics that a source reads as a filter: those of a module's outputs are known, other paths may be any.
std::string filter_of(const routing::RouteSource& source) {
  if (source.kind == routing::RouteSource::Kind::topic_filter) return source.text;
  constexpr std::string_view kModules = routing::kModulesPath;
  if (!source.text.starts_with(kModules) || source.text.find("/outputs/") == std::string::npos) return "#";
  std::string topic = "modules/" + source.text.substr(kModules.size());
  if (topic.ends_with('/')) topic.pop_back();
  return topic;
}

// Takes the two versions with the tables of each.
core::Status set_versions(const Version& now, const Version& before, ReplayRoutes& routes) {
  auto tables_now = held_still(used(now.entries, now.tables));
  if (!tables_now) return core::fail(tables_now.error());
  auto tables_before = held_still(used(before.entries, before.tables));
  if (!tables_before) return core::fail(tables_before.error());
  routes.now = now.entries;
  routes.before = before.entries;
  routes.tables_now = *std::move(tables_now);
  routes.tables_before = *std::move(tables_before);
  return {};
}

// Finds those in force, with rows of the tables that they or `own` need, and gives `own` the rows of topics.
core::Result<Version> in_force_beside(const Context& context, Version& own) {
  auto in_force = version_in_force(context);
  if (!in_force) return in_force;
  Tables needed = used(in_force->entries, in_force->tables);
  const Entries all = with_others(own.entries, in_force->entries);
  for (auto& table : used(all, with_others(own.tables, in_force->tables))) needed.push_back(std::move(table));
  std::erase_if(in_force->tables, [&needed](const routing::TableSource& table) {
    return std::ranges::none_of(needed, [&](const auto& one) { return routing::is_same_table(one, table); });
  });
  auto tables = tables_in_force(context, std::move(in_force->tables));
  if (!tables) return core::fail(tables.error());
  in_force->tables = *std::move(tables);
  take_rows_of_topics(own.tables, in_force->tables);
  return in_force;
}

}  // namespace

core::Result<ReplayRoutes> replay_routes(const Context& context, const ReplayOptions& options) {
  ReplayRoutes routes;
  Version own;
  if (!options.file.empty()) {
    auto version = version_of_file(options.file);
    if (!version) return core::fail(version.error());
    own = *std::move(version);
  }
  core::Status set;
  if (!options.against.empty()) {
    auto before = version_of_file(options.against);
    if (!before) return core::fail(before.error());
    take_rows_of_topics(own.tables, {});
    take_rows_of_topics(before->tables, {});
    set = set_versions(own, *before, routes);
  } else {
    auto in_force = in_force_beside(context, own);
    if (!in_force) return core::fail(in_force.error());
    const Version now{with_others(own.entries, in_force->entries), with_others(own.tables, in_force->tables)};
    set = set_versions(now, options.diff ? *in_force : Version(), routes);
  }
  if (!set) return core::fail(set.error());
  for (const RouteFileEntry& entry : options.file.empty() ? routes.now : own.entries)
    routes.asked.insert(entry.name);
  if (options.route.empty()) return routes;
  if (!is_among(routes.now, options.route) && !is_among(routes.before, options.route))
    return core::fail(core::Errc::invalid, "there is no route \"" + options.route + "\"");
  routes.asked = {options.route};
  return routes;
}

std::vector<std::string> uncovered(const ReplayRoutes& routes, const std::vector<std::string>& filters) {
  std::vector<std::string> warnings;
  for (const RouteFileEntry& entry : routes.now) {
    const auto route = routes.asked.contains(entry.name) ? compile_entry(entry) : std::nullopt;
    if (!route) continue;
    const std::string read = filter_of(route->source);
    const auto covers = [&](const std::string& filter) { return core::filter_covers(filter, read); };
    if (std::ranges::any_of(filters, covers) || is_fed(route->source, routes.now)) continue;
    warnings.push_back("route " + entry.name + " reads " + (read == "#" ? "messages of any topic" : read) +
                       ", and the history has no more of them than history.filter takes");
  }
  return warnings;
}

}  // namespace headgate::tools
