// JSON of what is recorded.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "hub/admin/hub_view.h"

namespace headgate::hub {

// {"bytes_max" (0: nothing is recorded), "messages", "arrived" (since the oldest of them), "since_ms" (of that one; 0: there is
// none), "steps_since_ms" (all steps are known since then; 0: since the start)}: what an answer rests on.
[[nodiscard]] nlohmann::ordered_json basis_json(const Coverage& coverage);

// {"basis", "from_ms", "messages" (that were run), "left_out", "routes": [{"route", "before", "after", "gained", "lost", …}]}.
[[nodiscard]] nlohmann::ordered_json replayed_json(const RecordedMatches& report);

// A message as peek has it, with "number", "seq" (0: no queue has it), "made" (by a route) and "whole" (false: the body, or
// else something of it, is cut).
[[nodiscard]] nlohmann::ordered_json recorded_json(const Recorded& one, bool with_payload);

}  // namespace headgate::hub
