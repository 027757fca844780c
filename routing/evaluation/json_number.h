// Numbers as JSON writes them.
#pragma once

#include <string_view>

#include "routing/evaluation/value.h"

namespace headgate::routing {

// Tells whether `text` is one number of JSON and nothing else (RFC 8259, section 6).
[[nodiscard]] bool is_json_number(std::string_view text) noexcept;

// Reads it as the nearest double; infinite beyond the range of one. REQUIRES: is_json_number(text).
[[nodiscard]] double read_json_number(std::string_view text) noexcept;

// Doubles begin to miss integers here: 2^53.
inline constexpr double kFirstInexact = 9007199254740992.0;

// The digits of an integer beyond kFirstInexact; empty for every other value, and for one whose
// text is not known. Two such integers are equal if their digits are.
[[nodiscard]] std::string_view large_integer(const Value& value) noexcept;

}  // namespace headgate::routing
