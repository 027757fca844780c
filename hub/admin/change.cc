#include "hub/admin/change.h"

#include <utility>

namespace headgate::hub {
namespace {

constexpr uint64_t kConfirmWithinMaxS = 86'400;

HubView::OnPlanned answer_with(std::function<void(AdminResponse)> done) {
  return [done = std::move(done)](const core::Result<std::string>& json) {
    done(json ? AdminResponse{200, *json} : refused(json.error()));
  };
}

AdminResponse without_text() { return failed(400, "the body is missing; allowed: a configuration, JSON"); }

}  // namespace

AdminReply post_plan(const AdminCall& call) {
  if (call.request.body.empty()) return without_text();
  ConfigPlanRequest request{call.request.body, call.request.caller.user};
  return AdminLater{[&hub = call.hub, request = std::move(request)](auto done) {
    hub.plan_config(request, answer_with(std::move(done)));
  }};
}

AdminReply post_apply_config(const AdminCall& call) {
  if (call.request.body.empty()) return without_text();
  const auto restart = call.number("restart", 0, 1);
  const auto within_s = call.number("confirm_within_s", 0, kConfirmWithinMaxS);
  if (!restart) return call.wrong("restart", "0 or 1");
  if (!within_s) return call.wrong("confirm_within_s", "0 to 86400");
  const auto fingerprint = call.query.find("fingerprint");
  ConfigApplyRequest request{.text = call.request.body,
                             .fingerprint = fingerprint == call.query.end() ? "" : fingerprint->second,
                             .restart = *restart == 1,
                             .confirm_within_s = static_cast<uint32_t>(*within_s)};
  return AdminLater{[&hub = call.hub, request = std::move(request)](auto done) {
    hub.apply_config(request, answer_with(std::move(done)));
  }};
}

AdminReply post_confirm_config(const AdminCall& call) {
  return AdminLater{[&hub = call.hub](auto done) { hub.confirm_config(answer_with(std::move(done))); }};
}

}  // namespace headgate::hub
