// Terms of a computing route that stand beside its text: `late` and `state` of a route file.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "routing/compute/computation.h"
#include "routing/files/queue_rule.h"

namespace headgate::routing {

// Reads `late` ({"policy", "tolerance", "keep", "idle", "early"}) and `state` ({"maxGroups", "maxBytes"}) of a route's
// object; what is absent stays as it is by default. Unknown keys are no problem in a deployment manifest.
[[nodiscard]] ComputeLimits read_compute_rule(const nlohmann::ordered_json& route, bool unknown_keys_allowed,
                                              std::vector<QueueRuleProblem>& problems);

// Adds to a route's object what read_compute_rule() reads there, as far as it differs from the default.
void write_compute_rule(const ComputeLimits& limits, nlohmann::ordered_json& route);

[[nodiscard]] std::string_view to_string(LatePolicy policy);

}  // namespace headgate::routing
