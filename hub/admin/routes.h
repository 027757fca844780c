// Handlers of /v1/routes/apply.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply post_apply_routes(const AdminCall& call);

}  // namespace headgate::hub
