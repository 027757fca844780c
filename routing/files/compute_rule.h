// Terms of a computing route that stand beside its text: `late`, `state`, `retained` and `onChange` of a route file.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "routing/compute/computation.h"
#include "routing/files/queue_rule.h"

namespace headgate::routing {

// Readings among retained messages: all, or those that differ from what is retained on their topic already.
enum class RetainedInputs : uint8_t { take, changed };

// Fate of what a route remembers when another version of it computes something else: its open windows give what they
// have, or nothing.
enum class OnChange : uint8_t { drain, restart };

// Reads `late` ({"policy", "tolerance", "keep", "idle", "early"}) and `state` ({"maxGroups", "maxBytes"}) of a route's
// object; what is absent stays as it is by default. Unknown keys are no problem in a deployment manifest.
[[nodiscard]] ComputeLimits read_compute_rule(const nlohmann::ordered_json& route, bool unknown_keys_allowed,
                                              std::vector<QueueRuleProblem>& problems);

// Reads `retained`; take, unless it says otherwise.
[[nodiscard]] RetainedInputs read_retained_inputs(const nlohmann::ordered_json& route,
                                                  std::vector<QueueRuleProblem>& problems);

// Reads `onChange`; drain, unless it says otherwise.
[[nodiscard]] OnChange read_on_change(const nlohmann::ordered_json& route,
                                      std::vector<QueueRuleProblem>& problems);

// Adds to a route's object what read_compute_rule() reads there, as far as it differs from the default.
void write_compute_rule(const ComputeLimits& limits, nlohmann::ordered_json& route);

[[nodiscard]] std::string_view to_string(LatePolicy policy);

}  // namespace headgate::routing
