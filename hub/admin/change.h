// Handlers of /v1/plan and /v1/apply.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply post_plan(const AdminCall& call);
[[nodiscard]] AdminReply post_apply_config(const AdminCall& call);
[[nodiscard]] AdminReply post_confirm_config(const AdminCall& call);

}  // namespace headgate::hub
