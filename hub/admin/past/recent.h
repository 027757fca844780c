// Handlers of the admin API for what has happened: messages that were recorded, events of the log, and routes run over the
// messages. The paths and the answers: api.h.
#pragma once

#include <string>
#include <vector>

#include "hub/admin/call.h"
#include "hub/observe/recorder/event_ring.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_recent(const AdminCall& call);
[[nodiscard]] AdminReply get_events(const AdminCall& call);
[[nodiscard]] AdminReply post_replay_routes(const AdminCall& call);

// Events as GET /v1/events shows them: a list, JSON.
[[nodiscard]] std::string events_text(const std::vector<LogEvent>& events);

}  // namespace headgate::hub
