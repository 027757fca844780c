// The first phase: route text to tokens. It never fails: what it cannot read becomes a token that the
// parser reports if it gets there (edgeHub never looks beyond the sink).
//
// The rule is the longest match over very wide name characters, as in edgeHub: `a-b`, `a*b` and `4%3`
// are one name each. `strict` differs in six places, see docs/route-language.md, "Lexer traps".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/language/language.h"

namespace headgate::routing {

struct Token {
  enum class Kind : uint8_t {
    end,
    name,         // property, function or path item
    system_name,  // `$…`, the `$` included
    string,       // closed and with known escapes only
    integer,
    hex,
    real,
    select_word,
    from_word,
    where_word,
    into_word,
    and_word,
    or_word,
    not_word,
    true_word,
    false_word,
    null_word,
    undefined_word,
    open,
    close,
    open_brace,
    close_brace,
    comma,
    plus,
    minus,
    star,
    slash,
    percent,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    concat,
    coalesce,
    unterminated_string,
    bad_escape,      // the backslash of an escape that is not one of \" \' \\ \uXXXX
    bracketed_name,  // a name with `[` or `]` but without `$`
    unknown,         // a character that starts nothing
  };

  Kind kind = Kind::end;
  size_t offset = 0;
  size_t length = 0;

  [[nodiscard]] size_t end_offset() const { return offset + length; }
};

// The tokens of `text`, the last one `end`. Blanks and comments are left out.
[[nodiscard]] std::vector<Token> tokenize(std::string_view text, Semantics semantics);

// The value of a `string` token: quotes off, escapes resolved.
[[nodiscard]] std::string unquote(std::string_view quoted);

// True for a token made of name characters, which can be an item of a source path.
[[nodiscard]] bool is_word(Token::Kind kind);

}  // namespace headgate::routing
