// Fates of routes when others are put in force: told before that is done.
#pragma once

#include <string>
#include <vector>

#include "hub/admin/hub_view.h"
#include "hub/engine/routes/last_good.h"
#include "routing/table/route_table.h"

namespace headgate::hub {

// Routes in force, and their compiled table.
struct RoutesInForce {
  GoodRoutes routes;
  const routing::RouteTable& table;
};

// Each route of either, in the order of names. `kept`: those that stay as they were because they are broken, and why.
[[nodiscard]] std::vector<RouteOutcome> outcomes(const RoutesInForce& before, const RoutesInForce& after,
                                                 const std::map<std::string, std::string, std::less<>>& kept);

}  // namespace headgate::hub
