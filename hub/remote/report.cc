#include "hub/remote/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

Json route_json(const RouteInfo& route) {
  Json json = {{"route", route.name}, {"state", route.kept ? "kept" : route.active ? "active" : "left out"}};
  if (!route.error.empty()) json["why"] = route.error;
  return json;
}

Json routes_json(std::vector<RouteInfo> routes) {
  std::stable_partition(routes.begin(), routes.end(),
                        [](const RouteInfo& route) { return !route.error.empty(); });
  if (routes.size() > kReportedRoutesMax) routes.resize(kReportedRoutesMax);
  Json list = Json::array();
  for (const RouteInfo& route : routes) list.push_back(route_json(route));
  return list;
}

Json last_json(const Outcome& last) {
  Json json = {{"version", last.version}, {"result", name_of(last.kind)}, {"at", last.at_ms}};
  if (!last.why.empty()) json["why"] = last.why;
  if (last.wrong_routes.empty()) return json;
  Json& routes = json["routes"] = Json::array();
  for (const auto& [route, why] : last.wrong_routes) routes.push_back({{"route", route}, {"why", why}});
  return json;
}

}  // namespace

std::string_view state_of(const Record& record, const std::string& trouble) {
  if (!trouble.empty()) return "not in force";
  if (record.tried) return "provisional";
  return record.confirmed ? "confirmed" : "none";
}

std::string to_json(const Report& report) {
  const Record& record = report.record;
  const KeptDocument* const in_force = record.in_force();
  Json json = {
      {"v", 1}, {"hub", report.hub}, {"at", report.at_ms}, {"state", state_of(record, report.trouble)}};
  json["version"] = in_force == nullptr ? 0 : in_force->version;
  if (!report.trouble.empty()) json["why"] = report.trouble;
  if (in_force != nullptr) json["since"] = record.since_ms;
  if (record.tried) {
    json["confirmed_version"] = record.confirmed ? record.confirmed->version : 0;
    json["tried_s"] = record.tried_ms / 1000;
    json["confirm_s"] = report.confirm_ms / 1000;
  }
  json["seen_version"] = record.seen;
  json["last"] = record.last ? last_json(*record.last) : Json(nullptr);
  json["routes"] = routes_json(report.routes);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headgate::hub
