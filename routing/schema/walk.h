// Checks a value against a compiled schema. Internal to this folder.
#pragma once

#include <cstdint>
#include <string_view>

#include "routing/schema/json_tree.h"
#include "routing/schema/schema.h"

namespace headgate::routing {

struct Walked {
  Conformance verdict = Conformance::no;
  std::string_view limit;  // which was met; lives for ever
};

// Takes no more than `steps` steps and a bounded depth of stack. `why` may be null.
[[nodiscard]] Walked walk(const Schema::Parts& parts, const JsonNode& value, int64_t steps, Violation* why);

}  // namespace headgate::routing
