#include "routing/files/route_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Diagnostic& found, const std::string& route) {
  return {{"severity", found.severity == Severity::error ? "error" : "warning"},
          {"line", found.line},
          {"column", found.column},
          {"message", found.message},
          {"suggestion", found.suggestion},
          {"text", render(found, route)}};
}

Json to_json(const RouteCheck& check) {
  Json diagnostics = Json::array();
  for (const Diagnostic& found : check.diagnostics) diagnostics.push_back(to_json(found, check.entry.text));
  return {{"name", check.entry.name},
          {"file", check.entry.file},
          {"ok", check.ok()},
          {"diagnostics", std::move(diagnostics)}};
}

Json to_json(const ManifestNote& note) {
  return {{"file", note.file}, {"path", note.path}, {"advice", note.advice}};
}

}  // namespace

bool RouteCheck::ok() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& found) { return found.severity == Severity::error; });
}

bool RouteCheckReport::ok() const {
  return errors.empty() &&
         std::all_of(routes.begin(), routes.end(), [](const RouteCheck& it) { return it.ok(); });
}

namespace {

// Shadows are compiled apart: what they do to each other and to routes at work is nothing.
void check_as_one_table(RouteCheckReport& report, const std::vector<TableSource>& tables,
                        const std::vector<KnownLink>* links, bool shadows) {
  std::vector<RouteFileEntry> entries;
  for (const RouteCheck& check : report.routes)
    if (check.entry.shadow == shadows) entries.push_back(check.entry);
  RouteTable::Built built = RouteTable::build(route_specs(entries, 0), tables, links);
  auto status = built.statuses.begin();
  for (RouteCheck& check : report.routes)
    if (check.entry.shadow == shadows) check.diagnostics = std::move((status++)->diagnostics);
}

}  // namespace

RouteCheckReport check_routes(const RouteFile& file) {
  const std::vector<KnownLink>* const links = file.links ? &*file.links : nullptr;
  RouteCheckReport report{{}, file.errors, file.without_effect};
  for (const RouteFileEntry& entry : file.entries) report.routes.push_back({entry, {}});
  check_as_one_table(report, file.tables, links, false);
  check_as_one_table(report, file.tables, links, true);
  for (const TableSource& table : file.tables)
    if (!table.fault.empty()) report.errors.push_back({table.declared_in, "", table.fault});
  return report;
}

std::vector<RouteSpec> route_specs(const std::vector<RouteFileEntry>& entries, uint32_t default_ttl_s) {
  std::vector<RouteSpec> specs;
  specs.reserve(entries.size());
  for (const RouteFileEntry& entry : entries) {
    specs.push_back({entry.name, entry.text, entry.priority, entry.ttl_s.value_or(default_ttl_s),
                     entry.semantics, entry.body, entry.retain, entry.limits,
                     entry.retained == RetainedInputs::changed, entry.publish_as, entry.shadow, entry.schemas,
                     entry.links, entry.send_back});
  }
  return specs;
}

std::string to_json(const RouteCheckReport& report) {
  Json routes = Json::array();
  for (const RouteCheck& check : report.routes) routes.push_back(to_json(check));
  Json errors = Json::array();
  for (const RouteFileError& error : report.errors) {
    errors.push_back({{"file", error.file}, {"route", error.route}, {"message", error.what}});
  }
  Json without_effect = Json::array();
  for (const ManifestNote& note : report.without_effect) without_effect.push_back(to_json(note));
  const Json json = {{"ok", report.ok()},
                     {"routes", std::move(routes)},
                     {"errors", std::move(errors)},
                     {"without_effect", std::move(without_effect)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headgate::routing
