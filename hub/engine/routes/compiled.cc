#include "hub/engine/routes/compiled.h"

#include <algorithm>
#include <map>
#include <utility>

#include "hub/engine/session_records.h"
#include "routing/files/route_check.h"
#include "routing/files/route_record.h"

namespace headgate::hub {
namespace {

// The entries of which each is in force.
GoodRoutes good_of(const CompiledRoutes& routes) {
  GoodRoutes good;
  for (size_t i = 0; i < routes.wanted.routes.entries.size(); ++i) {
    const routing::RouteFileEntry& entry = routes.wanted.routes.entries[i];
    if (routes.statuses.empty() || routes.statuses[i].ok()) good.emplace(entry.name, &entry);
  }
  return good;
}

// Compiles; what does not is compiled again in the version in force, if there is one.
routing::RouteTable::Built build(WantedRoutes& wanted, const GoodRoutes& known, uint32_t default_ttl_s) {
  const auto compile = [&] {
    return routing::RouteTable::build(routing::route_specs(wanted.routes.entries, default_ttl_s),
                                      wanted.routes.tables,
                                      wanted.routes.links ? &*wanted.routes.links : nullptr);
  };
  auto built = compile();
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

void add_route_records(const CompiledRoutes& now, std::vector<store::KeyValue>& values) {
  const auto key = [](std::string_view name) { return std::string(kRoutePrefix).append(name); };
  for (const auto* names : {&now.changes.added, &now.changes.changed}) {
    for (const std::string& name : *names)
      values.push_back({key(name), routing::route_record(*now.good.at(name))});
  }
  for (const std::string& name : now.changes.removed) values.push_back({key(name), std::nullopt});
}

void add_table_records(const CompiledRoutes& now, const CompiledRoutes& before,
                       std::vector<store::KeyValue>& values) {
  std::map<std::string, std::string> records;
  for (const routing::TableSource& table : now.wanted.routes.tables)
    records[table.name] = routing::table_record(table);
  const auto key = [](std::string_view name) { return std::string(kTablePrefix).append(name); };
  for (const routing::TableSource& table : before.wanted.routes.tables) {
    const auto known = records.find(table.name);
    if (known == records.end())
      values.push_back({key(table.name), std::nullopt});
    else if (known->second == routing::table_record(table))
      records.erase(known);
  }
  for (const auto& [name, record] : records) values.push_back({key(name), record});
}

}  // namespace

std::shared_ptr<CompiledRoutes> compile_routes(routing::RouteFile routes, const CompiledRoutes& before,
                                               uint32_t default_ttl_s) {
  auto compiled = std::make_shared<CompiledRoutes>();
  const std::vector<routing::RouteFileError> errors = routes.errors;
  compiled->wanted = with_last_good(std::move(routes), before.good);
  keep_tables(compiled->wanted.routes, errors, before.wanted.routes.tables);
  auto built = build(compiled->wanted, before.good, default_ttl_s);
  compiled->statuses = std::move(built.statuses);
  compiled->table = std::move(built.table);
  compiled->good = good_of(*compiled);
  compiled->changes = changes_between(before.good, compiled->good);
  compiled->queues_let_go = queues_let_go(before.good, compiled->changes);
  add_route_records(*compiled, compiled->records);
  add_table_records(*compiled, before, compiled->records);
  return compiled;
}

std::shared_ptr<const CompiledRoutes> routes_of_before(routing::RouteFile routes) {
  auto compiled = std::make_shared<CompiledRoutes>();
  compiled->wanted.routes = std::move(routes);
  compiled->table = routing::RouteTable::build({}).table;
  compiled->good = good_of(*compiled);
  return compiled;
}

std::string error_of(const routing::RouteStatus& status, const std::string& file) {
  std::string text;
  for (const routing::Diagnostic& diagnostic : status.diagnostics) {
    if (diagnostic.severity != routing::Severity::error) continue;
    text.append(file).append(": route '").append(status.name).append("': ");
    text.append(routing::render(diagnostic, status.text)).append("\n");
  }
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace headgate::hub
