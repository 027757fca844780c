// Fates of routes when others are put in force: told before that is done.
#pragma once

#include <string>
#include <vector>

#include "hub/admin/hub_view.h"
#include "hub/engine/routes/compiled.h"

namespace headgate::hub {

// Tells what becomes of each route of either, in the order of names, and behind them of what is wrong. Pure; on any
// thread.
[[nodiscard]] std::vector<RouteOutcome> outcomes(const CompiledRoutes& before, const CompiledRoutes& after);

}  // namespace headgate::hub
