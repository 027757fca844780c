#include "hub/admin/queue/pause.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "hub/admin/queue/consumed.h"

namespace headgate::hub {
namespace {

AdminReply set_paused(const AdminCall& call, bool paused) {
  const auto queue = call.hub.store().find_queue(call.name);
  if (!queue) return failed(404, "there is no queue \"" + call.name + "\"");
  if (!is_consumed_outside(call.hub.store().stats(*queue).attributes.kind))
    return failed(400,
                  "\"" + call.name +
                      "\" cannot be paused; allowed: a queue of a link, of a module's input or of a session");
  if (const core::Status set = call.store.set_paused(*queue, paused); !set) return refused(set.error());
  const auto seq = call.store.commit({.must_sync = true, .if_lost = store::IfLost::redo});
  if (!seq) return refused(seq.error());
  return AdminLater{[&hub = call.hub, seq = *seq, name = call.name, paused](auto done) {
    hub.when_durable(seq, [done = std::move(done), name, paused](bool durable) {
      if (!durable) return done(failed(503, "the store has failed; ask for it again once it is open"));
      done(answer_json({{"queue", name}, {"paused", paused}}));
    });
  }};
}

}  // namespace

AdminReply post_pause_queue(const AdminCall& call) { return set_paused(call, true); }
AdminReply post_resume_queue(const AdminCall& call) { return set_paused(call, false); }

}  // namespace headgate::hub
