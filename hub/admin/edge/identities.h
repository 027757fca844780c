// Registered modules and devices of IoT Edge over the admin API: whether they come in. Never a key.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

// {"identities": [{"id", "enabled", "connected", "seen", "admitted", "refused", "last_refusal", "last_refused_ms"}]}
[[nodiscard]] AdminReply get_identities(const AdminCall& call);

}  // namespace headgate::hub
