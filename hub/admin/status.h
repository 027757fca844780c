// The answer to GET /v1/status: texts of HubStatus, and the numbers that the table of metrics has a place for.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_status(const AdminCall& call);

}  // namespace headgate::hub
