// Members of a JSON object and items of an array, as they are written. For a text that a parser has found to be JSON: nothing is checked.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::routing {

// Calls `visit` with each member's name, as written between its quotes, and its value. False: this is no object that
// ends, and what was visited means nothing.
using VisitMember = std::function<void(std::string_view written_name, std::string_view value)>;
[[nodiscard]] bool for_each_member(std::string_view object, const VisitMember& visit);

// The item of an array at `index`, from 0, as it is written; nullopt if this is none, or a shorter one.
[[nodiscard]] std::optional<std::string_view> nth_item(std::string_view array, size_t index);

// The text that a JSON string stands for; `written` is between its quotes.
[[nodiscard]] std::string unescaped(std::string_view written);

// Tells whether a name, as written between quotes, stands for `name`.
[[nodiscard]] bool names_the_same(std::string_view written, std::string_view name);

}  // namespace headgate::routing
