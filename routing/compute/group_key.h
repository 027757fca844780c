// Values of GROUP BY and of OVER as bytes: equal for equal values, different for all others, so that 1 and "1" are
// two groups. 1.50 and 1.5 are one; of integers beyond 2^53 with their text each digit counts. Undefined, missing, null, objects and arrays are one: null.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "routing/evaluation/value.h"

namespace headgate::routing {

void append_key(std::string& key, const Value& value);

// The value at `index` of a key; null beyond its end. A view into `key`.
[[nodiscard]] Value key_value(std::string_view key, size_t index);

// Says whether the bytes are `values` values and nothing else.
[[nodiscard]] bool is_key(std::string_view key, size_t values);

// The values of a key as a JSON object with these names, one for each; null beyond the end of the key.
[[nodiscard]] std::string key_json(std::string_view key, const std::vector<std::string>& names);

}  // namespace headgate::routing
