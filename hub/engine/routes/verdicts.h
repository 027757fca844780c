// Judges one message by the routes in force, and says why some do not take it.
#pragma once

#include <string>
#include <vector>

#include "core/message.h"
#include "hub/engine/routes/compiled.h"
#include "hub/observe/recorder/route_verdict.h"
#include "routing/lookup/tables.h"

namespace headgate::hub {

// Asks the routes in force about a message that has been taken already: nothing is counted or delivered. In the order in which
// they were compiled. `has_whole_body`: false if its body was cut. At most so many of them say of which part of their condition
// it failed, the others whether it did.
inline constexpr size_t kTracesMax = 32;
[[nodiscard]] std::vector<RouteVerdict> judge_message(const CompiledRoutes& routes,
                                                      const routing::LookupTables& tables,
                                                      const core::Message& message, bool has_whole_body);

}  // namespace headgate::hub
