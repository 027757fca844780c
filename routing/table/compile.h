// All phases in a row: route text to something that can be evaluated.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "routing/evaluation/evaluator.h"
#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/language.h"
#include "routing/language/query.h"
#include "routing/language/route_source.h"
#include "routing/language/sink.h"

namespace headgate::routing {

struct CompiledRoute {
  RouteSource source;
  Expression condition;  // empty: every message of the source
  Reading reading;
  Query query;
  std::vector<Sink> sinks;  // at least one
};

// Compiles `text`. All findings, warnings too, are appended to `found`; nullopt if one is an error.
// edgehub semantics reads declared bodies only, whatever `body` says.
[[nodiscard]] std::optional<CompiledRoute> compile_route(std::string_view text, Semantics semantics,
                                                         BodyMode body, std::vector<Diagnostic>& found);

}  // namespace headgate::routing
