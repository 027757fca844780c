// Results that a route without state makes of one message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "routing/compute/computation.h"
#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/fields.h"

namespace headgate::routing {

// Appends the body of the message's row: a JSON object. False: `SELECT *, …` of a body that is no JSON object. `slots`
// gives the values of functions that remember.
[[nodiscard]] bool append_row(const Query& query, Evaluator& evaluator, Reading reading, Fields& fields,
                              std::string& out, Slots* slots = nullptr);

// The result of a message for which the condition holds. What could not be made is refused and counted, with the last
// fault in `sample`; no body and passes_on = false: there is no result. REQUIRES: !plan.query.has_state().
[[nodiscard]] ComputeResult project(const ComputePlan& plan, Evaluator& evaluator, Fields& fields,
                                    uint64_t& type_errors, std::string& sample);

}  // namespace headgate::routing
