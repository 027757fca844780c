// JSON of a direct method over HTTP, as modules and operators send it. Pure.
//
//   {"methodName": "echo", "payload": …, "responseTimeoutInSeconds": 5, "connectTimeoutInSeconds": 0}
//   {"status": 207, "payload": …}
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "hub/edge/verbs.h"

namespace headgate::hub {

// A call that keeps to the limits of check_method(); members that are not known are ignored. Errors: invalid.
[[nodiscard]] core::Result<MethodCall> read_method_body(EdgeId target, std::string_view body);

// Body for an outcome with `http_status` 200.
[[nodiscard]] std::string method_answer_body(const MethodOutcome& outcome);

}  // namespace headgate::hub
