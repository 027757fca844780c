// Schemas that the expressions of a route name, and what they were compiled to.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "routing/language/parse/parser.h"
#include "routing/table/compile.h"

namespace headgate::routing {

// Gives each use its schema. A schema that there is not, or that is broken, is an error at its name; once for each name.
void link_schemas(ParsedRoute& route, const RouteSchemas& schemas, Diagnostics& found);

// Names of the schemas, each once, in the order of the text; none if the text cannot be parsed.
[[nodiscard]] std::vector<std::string> schemas_named(std::string_view route_text, Semantics semantics);

}  // namespace headgate::routing
