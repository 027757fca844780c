// The part of the parser that reads conditions: operator precedence as one table.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/language.h"
#include "routing/language/lexer.h"

namespace headgate::routing {

// The tokens of a text and where the parser stands in them. The last token is `end`, never passed.
class TokenCursor {
 public:
  TokenCursor(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  [[nodiscard]] const Token& peek_second() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  [[nodiscard]] const Token* previous() const { return at_ == 0 ? nullptr : &tokens_[at_ - 1]; }
  [[nodiscard]] bool at(Token::Kind kind) const { return peek().kind == kind; }
  [[nodiscard]] bool at_word(std::string_view word) const;  // a name, in any case
  const Token& take() { return at(Token::Kind::end) ? peek() : tokens_[at_++]; }
  bool accept(Token::Kind kind);
  [[nodiscard]] std::string_view text(const Token& token) const {
    return text_.substr(token.offset, token.length);
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

// Parses from the cursor to the first token that cannot belong to a condition. Returns false after the
// first syntax error, which has been reported.
class ConditionParser {
 public:
  ConditionParser(TokenCursor& cursor, Diagnostics& found) : cursor_(cursor), found_(found) {}

  [[nodiscard]] bool parse(Expression& out);

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
  MaybeNode system_name(const Token& token, bool braced);
  MaybeNode unary(Op op, uint8_t power);

  MaybeNode add(Node node, size_t begin, size_t end);
  MaybeNode fail(const Token& token, std::string message, std::string suggestion = {});
  MaybeNode fail_at_operand(const Token& token);
  MaybeNode fail_at_operator();
  [[nodiscard]] bool at_end() const;
  uint32_t intern(std::string text);

  TokenCursor& cursor_;
  Diagnostics& found_;
  Expression out_;
  size_t depth_ = 0;
};

// A finding about a token that no rule expects; says more for the usual mistakes.
void report_unexpected(const TokenCursor& cursor, std::string_view expected, Diagnostics& found);

}  // namespace headgate::routing
