#include "tools/headgate/history/replay_routes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/topic.h"
#include "routing/files/route_record.h"
#include "routing/table/compile.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using routing::RouteFileEntry;
using Entries = std::vector<RouteFileEntry>;

// Keys of the records of routes in force in a hub's store (docs/store-format.md, "Values of the hub").
constexpr std::string_view kRouteRecords = "route/";

core::Unexpected mistakes_of(const routing::RouteFile& file) {
  std::string lines;
  for (const auto& error : file.errors) lines.append(lines.empty() ? "" : "\n").append(error.what);
  return core::fail(core::Errc::invalid, lines);
}

core::Result<Entries> entries_of_file(const std::string& path) {
  routing::RouteFile file = read_routes({path});
  if (!file.errors.empty()) return mistakes_of(file);
  return std::move(file.entries);
}

core::Result<Entries> entries_of_directory(const store::QueueReader& reader) {
  Entries entries;
  const auto read = reader.for_each(kRouteRecords, [&](std::string_view key, std::string_view value) {
    auto entry = routing::read_route_record(key.substr(kRouteRecords.size()), value);
    if (entry) entries.push_back(*std::move(entry));
    return core::Status();
  });
  if (!read) return core::fail(read.error());
  return entries;
}

core::Result<Entries> entries_in_force(const Context& context) {
  if (context.reader != nullptr) return entries_of_directory(*context.reader);
  const auto text = context.hub.get("/v1/routes/file");
  if (!text) return core::fail(text.error());
  routing::RouteFile file = routing::parse_route_file(*text, "routes in force");
  if (!file.errors.empty()) return mistakes_of(file);
  return std::move(file.entries);
}

bool is_among(const Entries& entries, std::string_view name) {
  return std::ranges::find(entries, name, &RouteFileEntry::name) != entries.end();
}

// `entries`, and behind them those of `others` that have other names.
Entries with_others(Entries entries, const Entries& others) {
  const auto own = std::ssize(entries);
  for (const RouteFileEntry& other : others) {
    const bool replaced = std::any_of(entries.begin(), entries.begin() + own,
                                      [&](const RouteFileEntry& one) { return one.name == other.name; });
    if (!replaced) entries.push_back(other);
  }
  return entries;
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

}  // namespace

core::Result<ReplayRoutes> replay_routes(const Context& context, const ReplayOptions& options) {
  ReplayRoutes routes;
  Entries own;
  if (!options.file.empty()) {
    auto entries = entries_of_file(options.file);
    if (!entries) return core::fail(entries.error());
    own = *std::move(entries);
  }
  if (!options.against.empty()) {
    auto before = entries_of_file(options.against);
    if (!before) return core::fail(before.error());
    routes.before = *std::move(before);
    routes.now = own;
  } else {
    auto in_force = entries_in_force(context);
    if (!in_force) return core::fail(in_force.error());
    routes.now = with_others(own, *in_force);
    if (options.diff) routes.before = *std::move(in_force);
  }
  for (const RouteFileEntry& entry : options.file.empty() ? routes.now : own) routes.asked.insert(entry.name);
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
