// Handlers of the admin API for what has happened: messages that were recorded, events of the log, and routes run over the
// messages. The paths and the answers: api.h.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_recent(const AdminCall& call);
[[nodiscard]] AdminReply get_events(const AdminCall& call);
[[nodiscard]] AdminReply post_replay_routes(const AdminCall& call);

}  // namespace headgate::hub
