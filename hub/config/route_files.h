// Every route an operator wrote: those in the config and those in routes_dir, in one list.
#pragma once

#include <string_view>

#include "hub/config/config.h"
#include "routing/files/route_file.h"

namespace headgate::hub {

// The config's routes, then those of each *.json in `routes_dir` in the order of the file names. A name that
// was used before is an error of the later route, so is a file that cannot be read; the rest load.
[[nodiscard]] routing::RouteFile collect_routes(const Config& config);

// Adds `more` to `all`, leaving out (and reporting) routes whose name `all` has already.
void merge_routes(routing::RouteFile& all, routing::RouteFile more);

}  // namespace headgate::hub
