#include "hub/admin/past/basis.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "store/report/inspect.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

Json matches_json(const routing::RouteMatches& one) {
  return {{"route", one.route},   {"in_force", one.is_before},  {"in_file", one.is_after},
          {"before", one.before}, {"after", one.after},         {"gained", one.gained},
          {"lost", one.lost},     {"undefined", one.undefined}, {"why_not", one.why_not}};
}

}  // namespace

Json basis_json(const Coverage& coverage) {
  return {{"bytes_max", coverage.bytes_max},
          {"messages", coverage.messages},
          {"arrived", coverage.arrived},
          {"since_ms", coverage.since_ms},
          {"steps_since_ms", coverage.steps_since_ms}};
}

Json replayed_json(const RecordedMatches& report) {
  Json routes = Json::array();
  for (const routing::RouteMatches& one : report.routes) routes.push_back(matches_json(one));
  return {{"basis", basis_json(report.basis)},
          {"from_ms", report.from_ms},
          {"messages", report.messages},
          {"left_out", report.left_out},
          {"routes", std::move(routes)}};
}

Json recorded_json(const Recorded& one, bool with_payload) {
  Json json = {{"number", one.number},
               {"seq", one.seq},
               {"made", one.made},
               {"whole", one.has_whole_body() && !one.cut}};
  json.update(Json::parse(store::message_json(*one.message, with_payload)));
  json["body_bytes"] = one.body_bytes;
  return json;
}

}  // namespace headgate::hub
