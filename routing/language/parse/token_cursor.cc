#include "routing/language/parse/token_cursor.h"

#include <array>
#include <utility>

#include "core/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

// Operators of other languages, and the words that take their place here.
struct Foreign {
  std::string_view word;
  std::string_view instead;
};
constexpr std::array kForeign = {
    Foreign{"IN", "write `a = 'x' OR a = 'y'`"},
    Foreign{"LIKE", "write `starts_with(…)`, `ends_with(…)` or `contains(…)`"},
    Foreign{"BETWEEN", "write `a >= 1 AND a <= 2`"},
    Foreign{"IS", "write `is_null(a)` or `is_defined(a)`"},
    Foreign{"XOR", "write `a != b`"},
};

bool begins_operand(Kind kind) {
  return is_word(kind) || kind == Kind::string || kind == Kind::system_name || kind == Kind::open ||
         kind == Kind::open_brace;
}

// A word that goes on behind an expression.
bool begins_clause(const TokenCursor& cursor) {
  const Kind kind = cursor.peek().kind;
  return kind == Kind::from_word || kind == Kind::where_word || kind == Kind::into_word ||
         cursor.at_word("as") || cursor.at_word("having") || cursor.at_words("group", "by");
}

}  // namespace

bool TokenCursor::at_word(std::string_view word) const {
  return at(Kind::name) && core::equals_ignoring_case(text(peek()), word);
}

bool TokenCursor::at_words(std::string_view first, std::string_view second) const {
  return at_word(first) && peek_second().kind == Kind::name &&
         core::equals_ignoring_case(text(peek_second()), second);
}

bool TokenCursor::at_word_before_value(std::string_view word) const {
  const Token& next = peek_second();
  if (!at_word(word) || next.kind == Kind::open || core::equals_ignoring_case(text(next), "as")) return false;
  return next.kind == Kind::name || next.kind == Kind::system_name || next.kind == Kind::open_brace;
}

bool TokenCursor::accept(Kind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

bool TokenCursor::accept_word(std::string_view word) {
  if (!at_word(word)) return false;
  take();
  return true;
}

size_t TokenCursor::open_brackets(size_t begin) const {
  size_t open = 0;
  for (size_t i = begin; i < at_; ++i) {
    if (tokens_[i].kind == Kind::open) ++open;
    if (tokens_[i].kind == Kind::close && open > 0) --open;
  }
  return open;
}

void skip_part(TokenCursor& cursor, size_t begin) {
  size_t depth = cursor.open_brackets(begin);
  for (;; cursor.take()) {
    const Kind kind = cursor.peek().kind;
    if (kind == Kind::end || kind == Kind::from_word || kind == Kind::into_word) return;
    if (depth == 0 && (kind == Kind::comma || kind == Kind::where_word || cursor.at_words("group", "by") ||
                       cursor.at_word("having"))) {
      return;
    }
    if (kind == Kind::open) ++depth;
    if (kind == Kind::close && depth > 0) --depth;
  }
}

void report_unexpected(const TokenCursor& cursor, std::string_view expected, Diagnostics& found,
                       std::string help) {
  const Token& token = cursor.peek();
  const auto error = [&](std::string message, std::string suggestion = {}) {
    found.error(token.offset, token.length, std::move(message), std::move(suggestion));
  };
  const std::string wanted = std::string("expected ").append(expected);
  switch (token.kind) {
    case Kind::end:
      return error("the text ends here; " + wanted, std::move(help));
    case Kind::unterminated_string:
      return error("unterminated string", "close it with the quote that opened it");
    case Kind::bad_escape:
      return error("unknown escape " + quote(cursor.text(token)) + " in a string",
                   R"(write \\ for a backslash; the others are \" \' and \uXXXX)");
    case Kind::close:
      if (expected.starts_with("an operator")) return error("unmatched closing `)`");
      break;
    case Kind::bracketed_name:
      return error("a name cannot hold `[` or `]`",
                   "only body paths have an index: " + quote("$body." + std::string(cursor.text(token))));
    case Kind::equal:
      if (cursor.previous() != nullptr && cursor.previous()->kind == Kind::equal) {
        return error("`==` is not an operator", "write `=`");
      }
      break;
    default:
      break;
  }
  error(wanted + ", found " + quote(cursor.text(token)), std::move(help));
}

void report_after_operand(const TokenCursor& cursor, std::string_view expected, Diagnostics& found,
                          std::string help) {
  const Token& token = cursor.peek();
  const std::string_view text = cursor.text(token);
  const auto error = [&](std::string message, std::string suggestion) {
    found.error(token.offset, token.length, std::move(message), std::move(suggestion));
  };
  if (is_word(token.kind) && text.starts_with('-')) {
    const std::string_view what = token.kind == Kind::name ? " is one name" : " is one number";
    return error(quote(text) + std::string(what) + " here, not a subtraction",
                 "write " + quote("- " + std::string(text.substr(1))));
  }
  for (const Foreign& foreign : kForeign) {
    if (core::equals_ignoring_case(text, foreign.word)) {
      return error("there is no operator " + quote(text), std::string(foreign.instead));
    }
  }
  if (text == "&&") return error("`&&` is not an operator", "write `AND`");
  if (token.kind == Kind::name && text.find_first_not_of('|') == std::string_view::npos) {
    return error(quote(text) + " is not an operator", "write `OR`, or `||` to join strings");
  }
  report_unexpected(cursor, expected, found, std::move(help));
}

void report_unclosed(const TokenCursor& cursor, const Token& open, Diagnostics& found) {
  if (begins_operand(cursor.peek().kind) && !begins_clause(cursor))
    return report_after_operand(cursor, "an operator or `)`", found);
  found.error(open.offset, open.length, "missing closing `)`");
}

}  // namespace headgate::routing
