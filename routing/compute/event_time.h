// Time of an event as TIMESTAMP BY gives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "routing/evaluation/value.h"

namespace headgate::routing {

// ISO 8601: a date and a time with `T` or a blank between, a fraction of any length, and `Z`, `+hh:mm`, `+hhmm`, `+hh` or
// nothing, which is UTC. A date alone is its midnight. A leap second is taken for the second after it.
[[nodiscard]] std::optional<int64_t> parse_iso8601_ms(std::string_view text);

// A number by its size: below 10^11 seconds, 10^14 milliseconds, 10^17 microseconds, else nanoseconds. Fractions of
// a millisecond are cut off towards the past.
[[nodiscard]] std::optional<int64_t> timestamp_ms(double number);

// Milliseconds since the Unix epoch; nullopt for what is no time: undefined, null, a boolean, another text. A text
// of digits is a number.
[[nodiscard]] std::optional<int64_t> timestamp_ms(const Value& value);

}  // namespace headgate::routing
