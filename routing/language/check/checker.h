// The third phase: gives every node its static type and refuses what cannot be computed.
#pragma once

#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/language.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Checks `condition`, which was parsed from `found.text()` without errors. Reports every mistake, each
// once: what depends on a wrong part is not reported again. Adds warnings for what is legal but is
// hardly meant.
// `query` holds what the condition's aggregates, functions that remember and GROUP BY keys stand for, its keys checked
// before; null: it has none.
void check(Expression& condition, Semantics semantics, Diagnostics& found, const Query* query = nullptr);

// Checks a value that need not be true or false, under strict semantics. False if it has no type.
bool check_value(Expression& value, const Query& query, Diagnostics& found);

}  // namespace headgate::routing
