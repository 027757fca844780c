#include "routing/table/compile.h"

#include <iterator>
#include <utility>

#include "routing/language/checker.h"
#include "routing/language/parser.h"

namespace headgate::routing {

std::optional<CompiledRoute> compile_route(std::string_view text, Semantics semantics, BodyMode body,
                                           std::vector<Diagnostic>& found) {
  Diagnostics diagnostics(text);
  ParsedRoute parsed = parse_route(text, semantics, diagnostics);
  // The condition is empty if it was its syntax that was wrong.
  check(parsed.condition, semantics, diagnostics);
  const bool failed = diagnostics.has_errors();
  auto all = diagnostics.take();
  found.insert(found.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
  if (failed) return std::nullopt;
  const BodyMode mode = semantics == Semantics::edgehub ? BodyMode::declared : body;
  return CompiledRoute{
      std::move(parsed.source), std::move(parsed.condition), {semantics, mode}, std::move(parsed.sink)};
}

}  // namespace headgate::routing
