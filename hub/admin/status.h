// The answer to GET /v1/status: texts of HubStatus, and the numbers that the table of metrics has a place for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_status(const AdminCall& call);

// The answer as JSON.
[[nodiscard]] std::string status_text(HubView& hub);

// In `status`, and the answer to a reload.
[[nodiscard]] nlohmann::ordered_json to_json(const ReloadReport& report);

}  // namespace headgate::hub
