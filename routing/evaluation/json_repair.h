// JSON that the parser refuses and most readers take: one value of it should not cost the others.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace headgate::routing {

// Writes the escape of U+FFFD over each escape of a surrogate without its other half; the size stays.
void replace_lone_surrogates(std::span<char> json);

// A copy in which numbers beyond 64 bits or beyond a double are 0, and some that fit; what is no number of JSON stays.
[[nodiscard]] std::string without_large_numbers(std::string_view json);

}  // namespace headgate::routing
