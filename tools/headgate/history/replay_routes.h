// Routes that a replay runs: those of a file in the place of those in force, or those in force alone.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "routing/files/route_file.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

struct ReplayRoutes {
  std::vector<routing::RouteFileEntry> now;     // the version that is tried
  std::vector<routing::RouteFileEntry> before;  // with a comparison: the version it is compared with
  std::set<std::string> asked;                  // names whose rows are wanted
  // Tables that they look up in, with the rows of now, which no message changes.
  std::vector<routing::TableSource> tables_now;
  std::vector<routing::TableSource> tables_before;
};

// Reads files, and asks the hub, or its directory, for the routes in force. Whatever routes of a file feed, or are fed by,
// in the hub is run with them. Errors: io, invalid (a file, in whole lines; a route that is not there; a table whose rows are
// not known), those of the hub.
[[nodiscard]] core::Result<ReplayRoutes> replay_routes(const Context& context, const ReplayOptions& options);

// Routes that were asked for, and read messages of which none are kept: a sentence for each.
[[nodiscard]] std::vector<std::string> uncovered(const ReplayRoutes& routes,
                                                 const std::vector<std::string>& filters);

}  // namespace headgate::tools
