// Times as texts of ISO 8601.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::core {

// Milliseconds since the Unix epoch of a date and a time with `T` or a blank between, a fraction of any length, and `Z`,
// `+hh:mm`, `+hhmm`, `+hh` or nothing, which is UTC. A date alone is its midnight. A leap second is taken for the second after
// it. nullopt for any other text.
[[nodiscard]] std::optional<int64_t> parse_iso8601_ms(std::string_view text);

// "2026-08-01T12:00:00.000Z".
[[nodiscard]] std::string iso8601_text(int64_t unix_ms);

}  // namespace headgate::core
