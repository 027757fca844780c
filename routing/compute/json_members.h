// Members of a JSON object, as they are written. For a text that a parser has found to be JSON: nothing is checked.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace headgate::routing {

// Calls `visit` with each member's name, as written between its quotes, and its value. False: this is no object that
// ends, and what was visited means nothing.
using VisitMember = std::function<void(std::string_view written_name, std::string_view value)>;
[[nodiscard]] bool for_each_member(std::string_view object, const VisitMember& visit);

// Tells whether a name, as written between quotes, stands for `name`.
[[nodiscard]] bool names_the_same(std::string_view written, std::string_view name);

}  // namespace headgate::routing
