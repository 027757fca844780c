#include "hub/admin/sign_in/session.h"

#include <nlohmann/json.hpp>

#include "hub/admin/call.h"

namespace headgate::hub {
namespace {

AdminResponse answer_of(const Caller& caller, const std::optional<int64_t>& until_ms) {
  return answer_json(
      {{"user", caller.user},
       {"role", name_of(caller.role)},
       {"until_ms", until_ms ? nlohmann::ordered_json(*until_ms) : nlohmann::ordered_json(nullptr)},
       {"why", caller.why_nobody}});
}

}  // namespace

AdminReply get_session(const AdminCall& call) {
  return answer_of(call.request.caller, call.request.caller.until_ms);
}

// A session that could begin another would never end.
AdminReply post_session(const AdminCall& call) {
  const Caller& caller = call.request.caller;
  if (caller.is_owner())
    return failed(400, "nobody signs in over the socket: who opens it may do everything");
  if (caller.until_ms) return failed(400, "a session begins with a token; send: Authorization: Bearer TOKEN");
  const int64_t until_ms = call.hub.now().wall_ms + kSessionMs;
  AdminResponse response = answer_of(caller, until_ms);
  response.session = SessionStep::begin;
  response.session_until_ms = until_ms;
  return response;
}

AdminReply post_end_session(const AdminCall&) {
  AdminResponse response{200, "{}"};
  response.session = SessionStep::end;
  return response;
}

}  // namespace headgate::hub
