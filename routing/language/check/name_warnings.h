// Names that are legal and hardly meant: `a+b`, which is one name to the lexer, TRUE, a system property that there is
// not.
#pragma once

#include <string>
#include <string_view>

#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"

namespace headgate::routing {

// Warns of `node`, a property, a system property or a body value of that name.
void warn_about_name(const Node& node, std::string_view name, Diagnostics& found);

// Warns of a property where a number is wanted. A dash is common in names, so that elsewhere it is told only where a
// digit stands beside it.
void warn_about_dash(const Node& node, std::string_view name, Diagnostics& found);

// `true` and its like, in any case.
[[nodiscard]] bool is_literal_word(std::string_view name);

// "a-b" to "a - b"; empty if there is nothing on one side.
[[nodiscard]] std::string split_name(std::string_view name);

}  // namespace headgate::routing
