#include "hub/admin/routes.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hub/admin/status.h"
#include "routing/files/route_check.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kTableRowsMax = 1'000;
constexpr uint64_t kWindowsShown = 100;
constexpr uint64_t kWindowsMax = 1'000;

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

Json to_json(const std::optional<ComputedInfo>& computed) {
  if (!computed) return nullptr;
  const routing::RouteCounts& counts = computed->counts;
  return {{"evaluated", counts.evaluated},
          {"results", counts.results},
          {"late", counts.late},
          {"late_dropped", counts.late_dropped},
          {"early", counts.early},
          {"evicted", counts.evicted},
          {"groups", computed->groups},
          {"state_bytes", computed->state_bytes},
          {"draining", computed->draining},
          {"blocked_by", computed->blocked_by}};
}

Json to_json(const std::optional<ShadowInfo>& shadow, const routing::RouteCounts& counts) {
  if (!shadow) return nullptr;
  return {{"evaluated", counts.evaluated}, {"results", counts.results},  {"missed", shadow->missed},
          {"last_ms", shadow->last_ms},    {"last_to", shadow->last_to}, {"last_topic", shadow->last_topic},
          {"last_body", shadow->last_body}};
}

template <typename Number>
Json number_or_null(const std::optional<Number>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json to_json(const routing::OpenWindow& window, bool shows_group, core::Now now) {
  const Json group = shows_group ? Json::parse(window.group, nullptr, false) : Json(nullptr);
  Json json = {{"group", group.is_discarded() ? Json(nullptr) : group}};
  if (!window.function.empty()) json["function"] = window.function;
  json["start_ms"] = number_or_null(window.start_ms);
  json["end_ms"] = number_or_null(window.end_ms);
  json["messages"] = number_or_null(window.messages);
  json["closes_ms"] = window.closes_ms ? Json(core::wall_time_of(*window.closes_ms, now)) : Json(nullptr);
  return json;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json to_json(const RouteInfo& route) {
  return {{"name", route.name},
          {"file", route.file},
          {"text", route.text},
          {"source", text_or_null(route.source)},
          {"source_kind", text_or_null(route.source_kind)},
          {"endpoint", joined(route.endpoints)},
          {"priority", route.priority ? Json(*route.priority) : Json(nullptr)},
          {"ttl_s", route.ttl_s},
          {"active", route.active},
          {"kept", route.kept},
          {"evaluated", route.counts.evaluated},
          {"matched", route.counts.matched},
          {"undefined", route.counts.undefined},
          {"unreadable", route.counts.unreadable},
          {"results", route.counts.results},
          {"type_errors", route.counts.type_errors},
          {"type_error_last", route.type_error_last},
          {"undefined_last", route.undefined_last},
          {"undefined_last_ms", route.undefined_last_ms},
          {"computed", to_json(route.computed)},
          {"shadow", to_json(route.shadow, route.counts)},
          {"error", route.error}};
}

Json to_json(const LookupInfo& table) {
  return {{"name", table.name},         {"origin", table.origin},   {"file", table.declared_in},
          {"in_force", table.in_force}, {"rows", table.rows},       {"bytes", table.bytes},
          {"hash", table.hash},         {"refused", table.refused}, {"error", table.fault}};
}

Json to_json(const RouteOutcome& one) {
  return {
      {"route", one.route}, {"file", one.file}, {"what", one.what}, {"state", one.state}, {"why", one.why}};
}

AdminResponse answer_applied(const core::Result<ApplyReport>& report) {
  if (!report) return refused(report.error());
  Json routes = Json::array();
  for (const RouteOutcome& one : report->routes) routes.push_back(to_json(one));
  return answer_json({{"file", report->file},
                      {"refused", report->refused},
                      {"written", report->written},
                      {"active", report->active},
                      {"routes", std::move(routes)}});
}

}  // namespace

std::string route_row(const RouteInfo& route) { return answer_json(to_json(route)).body; }

std::string tables_text(const HubView& hub) {
  Json tables = Json::array();
  for (const LookupInfo& table : hub.lookups()) tables.push_back(to_json(table));
  return answer_json(tables).body;
}

AdminReply get_routes(const AdminCall& call) {
  std::string rows;
  for (const RouteInfo& route : call.hub.routes())
    rows.append(rows.empty() ? "" : ",").append(route_row(route));
  return answer(
      without_hidden(R"({"routes":[)" + rows + R"(],"tables":)" + tables_text(call.hub) + "}", call.sight()));
}

AdminReply get_routes_file(const AdminCall& call) { return AdminResponse{200, call.hub.routes_in_force()}; }

AdminReply get_route_records(const AdminCall& call) { return AdminResponse{200, call.hub.route_records()}; }

// A row is given as a text, so that nobody on the way writes its numbers anew.
// The values of a group are out of messages of any topic that the route takes: with access rules they are shown to an admin alone.
AdminReply get_route_windows(const AdminCall& call) {
  const auto count = call.number("count", kWindowsShown, kWindowsMax);
  if (!count || *count == 0) return call.wrong("count", "1 to " + std::to_string(kWindowsMax));
  const auto windows = call.hub.open_windows(call.name, *count);
  if (!windows) return refused(windows.error());
  const Caller& caller = call.request.caller;
  const bool shows_groups = caller.user.empty() || caller.role == Role::admin;
  Json shown = Json::array();
  for (const routing::OpenWindow& window : windows->shown)
    shown.push_back(to_json(window, shows_groups, call.hub.now()));
  return answer_json({{"route", call.name}, {"windows", std::move(shown)}, {"open", windows->open}});
}

AdminReply get_table_rows(const AdminCall& call) {
  const auto count = call.number("count", kTableRowsMax, kTableRowsMax);
  if (!count || *count == 0) return call.wrong("count", "1 to " + std::to_string(kTableRowsMax));
  const auto after = call.query.find("after");
  const auto rows = call.hub.lookup_rows(call.name, after == call.query.end() ? "" : after->second, *count);
  if (!rows) return refused(rows.error());
  Json members = Json::object();
  for (const auto& [key, row] : *rows) members.get_ref<Json::object_t&>().emplace_back(key, row);
  return answer_json({{"rows", std::move(members)}});
}

AdminReply check_routes(const AdminCall& call) {
  const auto report = routing::check_routes(routing::parse_route_text(call.request.body, "request").routes);
  return AdminResponse{200, routing::to_json(report)};
}

AdminReply reload_routes(const AdminCall& call) {
  return AdminLater{[&hub = call.hub](auto done) {
    hub.reload([done = std::move(done)](const ReloadReport& report) { done(answer_json(to_json(report))); });
  }};
}

AdminReply try_routes(const AdminCall& call) {
  const auto tried = call.hub.try_routes(routing::parse_route_text(call.request.body, "request").routes);
  if (!tried) return refused(tried.error());
  return answer_json({{"tried", *tried}});
}

AdminReply post_apply_routes(const AdminCall& call) {
  const auto name = call.query.find("name");
  if (name == call.query.end())
    return failed(400, "name is missing; allowed: the name of a file, such as plant.json");
  const auto dry_run = call.number("dry_run", 0, 1);
  const auto force = call.number("force", 0, 1);
  if (!dry_run) return call.wrong("dry_run", "0 or 1");
  if (!force) return call.wrong("force", "0 or 1");
  ApplyRequest request{name->second, call.request.body, *dry_run == 1, *force == 1};
  return AdminLater{[&hub = call.hub, request = std::move(request)](auto done) {
    hub.apply_routes(request, [done = std::move(done)](const core::Result<ApplyReport>& report) {
      done(answer_applied(report));
    });
  }};
}

}  // namespace headgate::hub
