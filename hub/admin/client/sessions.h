// Clients and sessions: handlers of /v1/clients and /v1/sessions.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_clients(const AdminCall& call);
[[nodiscard]] AdminReply post_kick_client(const AdminCall& call);
[[nodiscard]] AdminReply post_remove_session(const AdminCall& call);

// A client as GET /v1/clients shows it, JSON. Thread-safe.
[[nodiscard]] std::string client_row(const ClientInfo& client);

}  // namespace headgate::hub
