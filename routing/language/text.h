// Text helpers of the route language: strings count and sort as edgeHub's do, in UTF-16 code units,
// although they are kept in UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::routing {

// Ordinal comparison in UTF-16 code-unit order: negative, zero or positive.
[[nodiscard]] int compare_ordinal(std::string_view a, std::string_view b) noexcept;

// Length in UTF-16 code units.
[[nodiscard]] size_t utf16_length(std::string_view text) noexcept;

// The byte where UTF-16 unit `units` starts; nullopt past the end or inside a surrogate pair.
[[nodiscard]] std::optional<size_t> utf16_offset(std::string_view text, size_t units) noexcept;

// Upper and lower case, independent of locale, for the Latin, Greek and Cyrillic blocks; other
// characters stay as they are. `out` is overwritten.
void to_lower(std::string_view text, std::string& out);
void to_upper(std::string_view text, std::string& out);

void append_utf8(std::string& out, char32_t code_point);

// A number as .NET's NumberStyles.Any reads it in the invariant culture: blanks around it, a sign before or
// after, parentheses for negative, `,` between thousands, `¤`, an exponent. Too large is infinite.
[[nodiscard]] std::optional<double> parse_number(std::string_view text) noexcept;

// Levenshtein distance, for "did you mean".
[[nodiscard]] size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace headgate::routing
