// The third phase: gives every node its static type and refuses what cannot be computed.
#pragma once

#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/language.h"

namespace headgate::routing {

// Checks `condition`, which was parsed from `found.text()` without errors. Reports every mistake, each
// once: what depends on a wrong part is not reported again. Adds warnings for what is legal but is
// hardly meant.
void check(Expression& condition, Semantics semantics, Diagnostics& found);

}  // namespace headgate::routing
