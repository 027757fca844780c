// Values of a lookup table's row, which is kept as JSON text that its reader has checked.
#pragma once

#include <string>
#include <string_view>

#include "routing/evaluation/value.h"
#include "routing/language/body_path.h"
#include "routing/language/functions.h"

namespace headgate::routing {

// The member of `row`; an empty path is all of it. An object or an array is Kind::json. Undefined if there is no such
// member. Views `row` or `scratch`.
[[nodiscard]] Value row_value(std::string_view row, const BodyPath& member, Scratch& scratch) noexcept;

// The key that a value stands for: text as it is, a number in its shortest digits, `true` or `false`. False: it is none
// of these, and no row has it.
[[nodiscard]] bool append_lookup_key(std::string& key, const Value& value);

}  // namespace headgate::routing
