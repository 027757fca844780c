#include "tests/routing/compute/support/plans.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "routing/table/compile.h"

namespace headgate::routing {

Plan::Plan(std::string_view text) {
  std::vector<Diagnostic> found;
  auto route = compile_route(text, Semantics::strict, BodyMode::auto_detect, found);
  if (!route) {
    ADD_FAILURE() << text << ": " << (found.empty() ? "" : found.front().message);
    return;
  }
  plan_.route = "route";
  plan_.query = std::move(route->query);
  plan_.condition = std::move(route->condition);
  plan_.reading = route->reading;
  plan_.sinks = std::move(route->sinks);
}

Plan& Plan::late(LatePolicy policy, int64_t tolerance_ms, int64_t keep_ms) {
  plan_.limits.late = policy;
  plan_.limits.tolerance_ms = tolerance_ms;
  plan_.limits.keep_ms = keep_ms;
  return *this;
}

}  // namespace headgate::routing
