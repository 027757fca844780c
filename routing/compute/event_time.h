// Time of an event as TIMESTAMP BY gives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time/iso8601.h"
#include "routing/evaluation/value.h"

namespace headgate::routing {

using core::parse_iso8601_ms;

// A number by its size: below 10^11 seconds, 10^14 milliseconds, 10^17 microseconds, else nanoseconds. Fractions of
// a millisecond are cut off towards the past.
[[nodiscard]] std::optional<int64_t> timestamp_ms(double number);

// Milliseconds since the Unix epoch; nullopt for what is no time: undefined, null, a boolean, another text. A text
// of digits is a number.
[[nodiscard]] std::optional<int64_t> timestamp_ms(const Value& value);

}  // namespace headgate::routing
