// Whether two routes may meet the same message.
#pragma once

#include <string_view>

#include "routing/language/route_source.h"

namespace headgate::routing {

// True if some topic matches both (valid) filters.
[[nodiscard]] bool filters_overlap(std::string_view a, std::string_view b);

// True if some message is taken by both, whatever their conditions. Of a module it is only known that it publishes under
// its own topics.
[[nodiscard]] bool sources_overlap(const RouteSource& a, const RouteSource& b);

}  // namespace headgate::routing
