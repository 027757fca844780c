// The six comparisons.
#pragma once

#include "routing/evaluation/value.h"
#include "routing/language/ast.h"

namespace headgate::routing {

// Operands of one static type; anything absent, or a property without a value, makes it undefined.
[[nodiscard]] Truth compare_static(Op op, Type type, const Value& a, const Value& b) noexcept;

// Body values, strict: values of two types are not equal and have no order.
[[nodiscard]] Truth compare_bodies(Op op, const Value& a, const Value& b) noexcept;

// Body values, edgeHub: values of two types are ordered boolean < number < string < null.
[[nodiscard]] Truth compare_ranked(Op op, const Value& a, const Value& b) noexcept;

// `2017-03-09T00:00:00.000Z` and its variants, which edgeHub's JSON reader takes for a date.
[[nodiscard]] bool looks_like_date(std::string_view text) noexcept;

}  // namespace headgate::routing
