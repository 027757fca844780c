// All phases in a row: route text to something that can be evaluated.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "routing/evaluation/evaluator.h"
#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/language.h"
#include "routing/language/query.h"
#include "routing/language/route_source.h"
#include "routing/language/sink.h"
#include "routing/schema/texts.h"

namespace headgate::routing {

struct CompiledRoute {
  RouteSource source;
  Expression condition;  // empty: every message of the source
  Reading reading;
  Query query;
  std::vector<Sink> sinks;  // at least one
};

// Schemas for the routes being compiled: texts that one of them names, and what became of all texts. Borrowed.
struct RouteSchemas {
  std::span<const SchemaText> texts;
  SchemaSet& compiled;
};

// Compiles `text`. All findings, warnings too, are appended to `found`; nullopt if one is an error.
// edgehub semantics reads declared bodies only, whatever `body` says. Without `schemas` what conforms() names is not looked
// at, and its verdicts are undefined.
[[nodiscard]] std::optional<CompiledRoute> compile_route(std::string_view text, Semantics semantics,
                                                         BodyMode body, std::vector<Diagnostic>& found,
                                                         const RouteSchemas* schemas = nullptr);

}  // namespace headgate::routing
