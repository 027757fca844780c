// Rights of a client, and what it has subscribed to.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

// {"client_id", "module", "rules": [{"allow", "actions": ["publish" | "subscribe" | "receive"…], "topic"}…],
//  "subscriptions": [{"filter", "qos"}…]}; the first rule that fits decides.
[[nodiscard]] AdminReply get_client_rights(const AdminCall& call);

}  // namespace headgate::hub
