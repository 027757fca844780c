// The second phase: tokens to a tree. Grammar: docs/route-language.md.
#pragma once

#include <string_view>
#include <vector>

#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/language.h"
#include "routing/language/query.h"
#include "routing/language/route_source.h"
#include "routing/language/sink.h"

namespace headgate::routing {

struct ParsedRoute {
  RouteSource source;
  Expression condition;     // empty: every message; not yet checked
  Query query;              // not yet checked
  std::vector<Sink> sinks;  // the same; at least one
};

// Parses a whole route. What is wrong is reported to `found`, several findings where they are
// independent; the result is meaningful only if there are no errors.
[[nodiscard]] ParsedRoute parse_route(std::string_view text, Semantics semantics, Diagnostics& found);

// Parses a condition alone. A blank one is empty, and undefined to edgeHub.
[[nodiscard]] Expression parse_condition(std::string_view text, Semantics semantics, Diagnostics& found);

}  // namespace headgate::routing
