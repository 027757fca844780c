// Desired properties of $edgeHub as routes. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "routing/files/route_file.h"

namespace headgate::hub {

struct HubDesired {
  int64_t version = 1;
  std::shared_ptr<const routing::RouteFile> routes;  // of a file named kEdgeHub; never null
};

// Reads them out of the whole twin, as TwinDocument::text() gives it. What is wrong with one route leaves that one out, and is an
// error of the file; of a twin that cannot be read the file is broken as a whole.
[[nodiscard]] HubDesired read_hub_desired(std::string_view twin);

// Gives a broken file, for a twin that the store does not give.
[[nodiscard]] HubDesired unreadable_hub_desired(std::string_view why);

}  // namespace headgate::hub
