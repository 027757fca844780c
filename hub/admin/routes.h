// Routes in force, and their tables: handlers of /v1/routes and /v1/tables.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_routes(const AdminCall& call);
[[nodiscard]] AdminReply get_routes_file(const AdminCall& call);
[[nodiscard]] AdminReply get_route_records(const AdminCall& call);
// {"route", "windows": [{"group", "function" (of one that remembers), "start_ms", "end_ms", "messages", "closes_ms"}…], "open"}
[[nodiscard]] AdminReply get_route_windows(const AdminCall& call);
[[nodiscard]] AdminReply get_table_rows(const AdminCall& call);
[[nodiscard]] AdminReply check_routes(const AdminCall& call);
[[nodiscard]] AdminReply reload_routes(const AdminCall& call);
[[nodiscard]] AdminReply try_routes(const AdminCall& call);
[[nodiscard]] AdminReply post_apply_routes(const AdminCall& call);

// A route as GET /v1/routes shows it to the hub's owner, JSON: with the last body of a shadow, which not everybody may see
// (without_hidden()).
[[nodiscard]] std::string route_row(const RouteInfo& route);
// Lookup tables as GET /v1/routes shows them: a list, JSON.
[[nodiscard]] std::string tables_text(const HubView& hub);

}  // namespace headgate::hub
