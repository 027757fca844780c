#include "routing/table/compile.h"

#include <iterator>
#include <utility>

#include "routing/language/check/query_checker.h"
#include "routing/language/odd_character.h"
#include "routing/language/parse/lexer.h"
#include "routing/language/parse/parser.h"
#include "routing/table/schema_links.h"

namespace headgate::routing {
namespace {

// Characters that only look right are told first and by name: what the parser would say of them shows nothing
// wrong. In a quoted text they may be meant, except for what nobody can see. edgeHub takes them for letters.
void check_characters(std::string_view text, Semantics semantics, Diagnostics& found) {
  for (const Token& token : tokenize(text, semantics)) {
    const bool quoted = token.kind == Token::Kind::string;
    for (size_t at = token.offset; at < token.end_offset(); ++at) {
      const auto odd = odd_character_at(text, at);
      if (!odd || (quoted && !odd->invisible)) continue;
      if (quoted || semantics == Semantics::edgehub) {
        found.warning(at, odd->bytes, odd->text() + (quoted ? " in a quoted text" : " is part of a name"),
                      odd->advice());
      } else {
        found.error(at, odd->bytes, odd->text() + " is no part of the language", odd->advice());
      }
    }
  }
}

void move_to(std::vector<Diagnostic>& all, std::vector<Diagnostic> found) {
  all.insert(all.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
}

}  // namespace

std::optional<CompiledRoute> compile_route(std::string_view text, Semantics semantics, BodyMode body,
                                           std::vector<Diagnostic>& found, const RouteSchemas* schemas) {
  Diagnostics diagnostics(text);
  check_characters(text, semantics, diagnostics);
  if (diagnostics.has_errors()) {
    move_to(found, diagnostics.take());
    return std::nullopt;
  }
  ParsedRoute parsed = parse_route(text, semantics, diagnostics);
  // Parts that could not be parsed are empty.
  check_route(parsed, semantics, diagnostics);
  if (schemas != nullptr) link_schemas(parsed, *schemas, diagnostics);
  const bool failed = diagnostics.has_errors();
  move_to(found, diagnostics.take());
  if (failed) return std::nullopt;
  const BodyMode mode = semantics == Semantics::edgehub ? BodyMode::declared : body;
  return CompiledRoute{std::move(parsed.source),
                       std::move(parsed.condition),
                       {semantics, mode},
                       std::move(parsed.query),
                       std::move(parsed.sinks)};
}

}  // namespace headgate::routing
