#include "hub/admin/edge/twins.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "hub/edge/methods/body.h"
#include "hub/edge/settings.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kNoIdentity = "\" is no identity; allowed: DEVICE or DEVICE/MODULE";

AdminResponse no_identity(const AdminCall& call) {
  return failed(400, "\"" + call.name + std::string(kNoIdentity));
}

// Desired properties of the hub itself are routes, which take the role that routes take.
bool sets_routes(const EdgeId& id) {
  return id.module == kEdgeHub || (!id.is_module() && id.device == kEdgeHub);
}

using TwinVerb = void (EdgeVerbs::*)(const EdgeId&, const std::string&, EdgeVerbs::OnTwin);

AdminReply change_twin(const AdminCall& call, TwinVerb verb) {
  const auto id = parse_edge_id(call.name);
  if (!id) return no_identity(call);
  if (sets_routes(*id) && call.request.caller.role < Role::admin)
    return failed(403, "routes of $edgeHub take the role admin, and the token has " +
                           std::string(name_of(call.request.caller.role)));
  return AdminLater{[&hub = call.hub, id = *id, verb, json = call.request.body](auto done) {
    (hub.edge().*verb)(id, json, [done = std::move(done)](const core::Result<std::string>& twin) {
      done(twin ? AdminResponse{200, *twin} : refused(twin.error()));
    });
  }};
}

AdminResponse answer_to_call(const MethodOutcome& outcome) {
  if (outcome.http_status != 200) return failed(outcome.http_status, outcome.error);
  return {200, method_answer_body(outcome)};
}

}  // namespace

AdminReply get_twin(const AdminCall& call) {
  const auto id = parse_edge_id(call.name);
  if (!id) return no_identity(call);
  return answer(call.hub.edge().twin(*id));
}

AdminReply post_patch_twin(const AdminCall& call) { return change_twin(call, &EdgeVerbs::patch_twin); }
AdminReply post_set_twin(const AdminCall& call) { return change_twin(call, &EdgeVerbs::set_twin); }

AdminReply post_forget_identity(const AdminCall& call) {
  const auto id = parse_edge_id(call.name);
  if (!id) return no_identity(call);
  return AdminLater{[&hub = call.hub, id = *id](auto done) {
    hub.edge().forget(id, [done = std::move(done), id](const core::Result<ForgottenIdentity>& forgotten) {
      if (!forgotten) return done(refused(forgotten.error()));
      done(
          answer_json({{"identity", id.id()}, {"twin", forgotten->twin}, {"messages", forgotten->messages}}));
    });
  }};
}

AdminReply post_invoke_method(const AdminCall& call) {
  const auto id = parse_edge_id(call.name);
  if (!id) return no_identity(call);
  if (const auto found = call.hub.edge().find(*id); !found) return refused(found.error());
  auto read = read_method_body(*id, call.request.body);
  if (!read) return failed(400, read.error().what);
  return AdminLater{[&hub = call.hub, method = *std::move(read)](auto done) {
    hub.edge().call_method(
        method, [done = std::move(done)](const MethodOutcome& outcome) { done(answer_to_call(outcome)); });
  }};
}

}  // namespace headgate::hub
