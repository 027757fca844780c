// Why a condition does not hold, part by part, in three-valued logic.
#pragma once

#include <string>
#include <vector>

#include "routing/evaluation/message_fields.h"
#include "routing/table/compile.h"

namespace headgate::routing {

// `($body.score >= 0.8) = undefined: $body.score is not there`
struct TraceLine {
  size_t depth = 0;  // of the part within the condition
  std::string text;
};

// Parts of the condition that keep it from being true, outermost first. `slots` gives the values of functions that
// remember; without it they are said to be unknown. `tables`: those that it looks up in.
[[nodiscard]] std::vector<TraceLine> trace_condition(const CompiledRoute& route, MessageFields& fields,
                                                     Slots* slots, const LookupTables* tables = nullptr);

}  // namespace headgate::routing
