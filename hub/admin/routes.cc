#include "hub/admin/routes.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

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
