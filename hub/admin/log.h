// The answers about the levels of the log.
//   GET, POST: {"levels": {"broker": {"level", "configured"}…}}
//   POST takes {"broker": "debug", "store": null…}; "*": every part, null: as configured. It holds until the next reload.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_log_levels(const AdminCall& call);
[[nodiscard]] AdminReply post_log_levels(const AdminCall& call);

}  // namespace headgate::hub
