// Handlers of the admin API for queues and dead letters (queue_verbs.h does the work). The paths and
// the answers: admin_api.h.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_queues(const AdminCall& call);
[[nodiscard]] AdminReply get_queue(const AdminCall& call);
[[nodiscard]] AdminReply peek_queue(const AdminCall& call);
[[nodiscard]] AdminReply tail_queue(const AdminCall& call);
[[nodiscard]] AdminReply post_purge_queue(const AdminCall& call);

[[nodiscard]] AdminReply get_dead_letters(const AdminCall& call);
[[nodiscard]] AdminReply get_dead_letter(const AdminCall& call);
[[nodiscard]] AdminReply post_replay_letter(const AdminCall& call);
[[nodiscard]] AdminReply post_replay_letters(const AdminCall& call);
[[nodiscard]] AdminReply post_purge_letter(const AdminCall& call);
[[nodiscard]] AdminReply post_purge_letters(const AdminCall& call);

}  // namespace headgate::hub
