// Tokens of a route text and a place among them: all parts of the parser read from one.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "routing/language/diagnostics.h"
#include "routing/language/parse/lexer.h"

namespace headgate::routing {

// The tokens of a text and where the parser stands in them. The last token is `end`, never passed.
class TokenCursor {
 public:
  TokenCursor(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  [[nodiscard]] const Token& peek_second() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  [[nodiscard]] const Token* previous() const { return at_ == 0 ? nullptr : &tokens_[at_ - 1]; }
  // A word that stands before a value as no name does: DISTINCT $body.a.
  [[nodiscard]] bool at_word_before_value(std::string_view word) const;
  [[nodiscard]] bool at(Token::Kind kind) const { return peek().kind == kind; }
  [[nodiscard]] bool at_word(std::string_view word) const;  // a name, in any case
  // Two names in a row: GROUP BY.
  [[nodiscard]] bool at_words(std::string_view first, std::string_view second) const;
  // How many tokens were taken.
  [[nodiscard]] size_t position() const { return at_; }
  const Token& take() { return at(Token::Kind::end) ? peek() : tokens_[at_++]; }
  bool accept(Token::Kind kind);
  bool accept_word(std::string_view word);
  // Brackets that the tokens from `begin` to here have left open.
  [[nodiscard]] size_t open_brackets(size_t begin) const;
  [[nodiscard]] std::string_view text(const Token& token) const {
    return text_.substr(token.offset, token.length);
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

// Skips the rest of a list's part that was reported: to the comma or the word after it, brackets closed. `begin` is the
// position of its first token.
void skip_part(TokenCursor& cursor, size_t begin);

// A finding about a token that no rule expects; says more for the usual mistakes.
void report_unexpected(const TokenCursor& cursor, std::string_view expected, Diagnostics& found,
                       std::string help = {});

// A finding about the opening bracket of something that is not closed where it should be; says more if the reason
// is an operand that follows without an operator.
void report_unclosed(const TokenCursor& cursor, const Token& open, Diagnostics& found);

// A finding about a token that follows a complete operand and is none of what is expected: `expected` begins with
// "an operator" where one may stand.
void report_after_operand(const TokenCursor& cursor, std::string_view expected, Diagnostics& found,
                          std::string help = {});

}  // namespace headgate::routing
