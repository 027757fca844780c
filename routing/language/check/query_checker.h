// The third phase of a computing route, around the checker of expressions: which values a result may hold, and what
// the parts of its query take.
#pragma once

#include "routing/language/diagnostics.h"
#include "routing/language/language.h"
#include "routing/language/parse/parser.h"

namespace headgate::routing {

// Checks `route`, which was parsed from `found.text()`. In what is computed once a window (SELECT, HAVING, topics)
// turns what equals a GROUP BY key into Op::group_key, and `$window.…` into Op::window_field. Reports every mistake,
// as check() does for a condition alone.
void check_route(ParsedRoute& route, Semantics semantics, Diagnostics& found);

}  // namespace headgate::routing
