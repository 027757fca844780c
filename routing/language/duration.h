// Durations as routes write them: 500ms, 30s, 15m, 4h, 1d. A number and one unit, read so only where a duration is
// wanted: elsewhere `30s` is a property's name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::routing {

// Longest window, heartbeat or memory of a function.
inline constexpr int64_t kDurationMaxMs = int64_t{31} * 24 * 3600 * 1000;

// Milliseconds, negative too; nullopt for what is no duration. Too long for any use is some number beyond
// kDurationMaxMs.
[[nodiscard]] std::optional<int64_t> parse_duration(std::string_view text);

// Stream Analytics' unit in milliseconds: `minute`, `mi`, `n`; in any case. Nullopt for what is none, and for
// microseconds.
[[nodiscard]] std::optional<int64_t> unit_ms(std::string_view word);

// Multiplies; far too many are some number beyond kDurationMaxMs.
[[nodiscard]] int64_t times(int64_t count, int64_t unit_ms);

// "15m": the largest unit that it is a whole number of.
[[nodiscard]] std::string print_duration(int64_t ms);

}  // namespace headgate::routing
