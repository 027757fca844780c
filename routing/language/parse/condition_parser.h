// The part of the parser that reads conditions: operator precedence as one table.
#pragma once

#include <optional>
#include <string>

#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/language.h"
#include "routing/language/parse/scope.h"
#include "routing/language/parse/token_cursor.h"

namespace headgate::routing {

// Parses from the cursor to the first token that cannot belong to a condition. Returns false after the
// first syntax error, which has been reported.
class ConditionParser {
 public:
  // `depth`: levels of nesting that it stands in already.
  ConditionParser(TokenCursor& cursor, Diagnostics& found, Scope scope = {}, size_t depth = 0)
      : cursor_(cursor), found_(found), scope_(scope), depth_(depth) {}

  [[nodiscard]] bool parse(Expression& out);
  // Leaves it to the caller to judge the token that follows.
  [[nodiscard]] bool parse_part(Expression& out);

 private:
  using MaybeNode = std::optional<NodeIndex>;

  MaybeNode binary(uint8_t min_power);
  MaybeNode prefix();
  MaybeNode primary();
  MaybeNode parenthesised();
  MaybeNode braced();
  MaybeNode literal(const Token& token);
  MaybeNode name_or_call(const Token& token);
  MaybeNode call(const Token& name);
  MaybeNode part(const Token& name);
  MaybeNode conforms(const Token& name);
  [[nodiscard]] bool checked_value(const Token& token, BodyPath& path);
  MaybeNode twin_change(const Token& name);
  MaybeNode lookup(const Token& name);
  MaybeNode lookup_key(const Token& open, const Token& name);
  [[nodiscard]] bool lookup_member(const Token& close, BodyPath& member);
  MaybeNode system_name(const Token& token, bool braced);
  MaybeNode unary(Op op, uint8_t power);

  MaybeNode add(Node node, size_t begin, size_t end);
  MaybeNode fail(const Token& token, std::string message, std::string suggestion = {});
  MaybeNode fail_at_operand(const Token& token);
  MaybeNode fail_at_operator();
  MaybeNode fail_unclosed(const Token& open);
  MaybeNode fail_at_star(const Token& name);
  MaybeNode fail_at_schema();
  [[nodiscard]] bool is_part(const Token& name) const;
  [[nodiscard]] bool at_end() const;
  uint32_t intern(std::string text);

  TokenCursor& cursor_;
  Diagnostics& found_;
  Scope scope_;
  Expression out_;
  size_t depth_;
};

}  // namespace headgate::routing
