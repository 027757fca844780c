// Routes as text again, always in one form: what is equal for the language has equal text. Names of properties, which
// ignore case, are in lower case; brackets stand where they are needed; parsing the text gives the same tree.
#pragma once

#include <string>
#include <vector>

#include "routing/language/ast.h"
#include "routing/language/query.h"
#include "routing/language/route_source.h"
#include "routing/language/sink.h"

namespace headgate::routing {

// `query` holds what the expression's aggregates, functions that remember and GROUP BY keys stand for.
[[nodiscard]] std::string print(const Expression& expression, const Query& query);
// A part of one.
[[nodiscard]] std::string print(const Expression& expression, NodeIndex part, const Query& query);
[[nodiscard]] std::string print(const Aggregate& aggregate, const Query& query);
[[nodiscard]] std::string print(const Stateful& stateful, const Query& query);
[[nodiscard]] std::string print(const Window& window);
[[nodiscard]] std::string print(const Sink& sink, const Query& query);

// A whole route.
[[nodiscard]] std::string print(const RouteSource& source, const Expression& condition, const Query& query,
                                const std::vector<Sink>& sinks);

// "$window.start"
[[nodiscard]] std::string_view print(WindowField field);

}  // namespace headgate::routing
