// POST /v1/queues/{name}/pause and /resume: {"queue", "paused"}, once it is durable. Paused are queues of links, module inputs
// and sessions: they take in, by their limits, and hand out nothing.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply post_pause_queue(const AdminCall& call);
[[nodiscard]] AdminReply post_resume_queue(const AdminCall& call);

}  // namespace headgate::hub
