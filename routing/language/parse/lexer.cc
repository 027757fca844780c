#include "routing/language/parse/lexer.h"

#include <array>
#include <optional>
#include <utility>

#include "core/text.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

constexpr std::string_view kNotInWords = "()<>@,;:\\\"/?={} \t\n\r";
constexpr std::string_view kBlanks = " \t\r\n";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (core::ascii_lower(c) >= 'a' && core::ascii_lower(c) <= 'f'); }
bool in_path(char c) { return kNotInWords.find(c) == std::string_view::npos; }
bool in_name(char c) { return in_path(c) && c != '[' && c != ']'; }

struct Word {
  std::string_view text;
  Kind kind;
};
constexpr std::array kAnyCaseWords = {Word{"select", Kind::select_word}, Word{"from", Kind::from_word},
                                      Word{"where", Kind::where_word},   Word{"into", Kind::into_word},
                                      Word{"and", Kind::and_word},       Word{"or", Kind::or_word},
                                      Word{"not", Kind::not_word}};
constexpr std::array kExactWords = {Word{"true", Kind::true_word}, Word{"false", Kind::false_word},
                                    Word{"null", Kind::null_word}, Word{"undefined", Kind::undefined_word},
                                    Word{"+", Kind::plus},         Word{"-", Kind::minus},
                                    Word{"*", Kind::star},         Word{"%", Kind::percent},
                                    Word{"||", Kind::concat}};
// Longest first.
constexpr std::array kSymbols = {
    Word{"??", Kind::coalesce},      Word{"<>", Kind::not_equal}, Word{"<=", Kind::less_equal},
    Word{">=", Kind::greater_equal}, Word{"!=", Kind::not_equal}, Word{"<", Kind::less},
    Word{">", Kind::greater},        Word{"=", Kind::equal},      Word{"(", Kind::open},
    Word{")", Kind::close},          Word{"{", Kind::open_brace}, Word{"}", Kind::close_brace},
    Word{",", Kind::comma},          Word{"/", Kind::slash}};

size_t count_digits(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - from;
}

// [Ee][+-]?[0-9]+ from `at` to the very end.
bool is_exponent(std::string_view text, size_t at) {
  if (at >= text.size() || core::ascii_lower(text[at]) != 'e') return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const size_t digits = count_digits(text, at);
  return digits > 0 && at + digits == text.size();
}

std::optional<Kind> number_kind(std::string_view word, Semantics semantics) {
  if (word.size() > 2 && word[0] == '0' && core::ascii_lower(word[1]) == 'x') {
    for (const char c : word.substr(2)) {
      if (!is_hex(c)) return std::nullopt;
    }
    return Kind::hex;
  }
  size_t at = word.starts_with('-') ? 1 : 0;
  const size_t integer = count_digits(word, at);
  at += integer;
  if (at == word.size()) return integer > 0 ? std::optional(Kind::integer) : std::nullopt;
  if (is_exponent(word, at)) {
    // edgeHub reads the name `e5` as a number without digits, which is undefined.
    return integer > 0 || semantics == Semantics::edgehub ? std::optional(Kind::real) : std::nullopt;
  }
  if (word[at] != '.') return std::nullopt;
  const size_t fraction = count_digits(word, at + 1);
  at += 1 + fraction;
  if (fraction == 0 || (at != word.size() && !is_exponent(word, at))) return std::nullopt;
  return Kind::real;
}

Kind word_kind(std::string_view word, Semantics semantics) {
  for (const Word& known : kAnyCaseWords) {
    if (core::equals_ignoring_case(word, known.text)) return known.kind;
  }
  for (const Word& known : kExactWords) {
    if (word == known.text) return known.kind;
  }
  return number_kind(word, semantics).value_or(Kind::name);
}

class Lexer {
 public:
  Lexer(std::string_view text, Semantics semantics) : text_(text), strict_(semantics == Semantics::strict) {}

  std::vector<Token> run() {
    while (skip_blanks_and_comments(), at_ < text_.size()) push(next());
    push({Kind::end, text_.size(), 0});
    return std::move(tokens_);
  }

 private:
  void push(Token token) {
    const bool in_path_item = !tokens_.empty() && tokens_.back().kind == Kind::slash;
    if (token.kind == Kind::from_word && !from_seen_) from_seen_ = in_source_ = true;
    if (ends_source(token) && !in_path_item) in_source_ = false;
    at_ = token.end_offset();
    tokens_.push_back(token);
  }

  // After a source stands a word: WHERE, INTO, in strict also TIMESTAMP and GROUP.
  [[nodiscard]] bool ends_source(const Token& token) const {
    if (token.kind == Kind::where_word || token.kind == Kind::into_word) return true;
    return token.kind == Kind::name && !tokens_.empty() && tokens_.back().kind != Kind::from_word;
  }

  void skip_blanks_and_comments() {
    for (;;) {
      at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
      const size_t end = comment_end(at_);
      if (end == 0) return;
      at_ = end;
    }
  }

  // Where the comment that starts at `at` ends; 0 if none does.
  [[nodiscard]] size_t comment_end(size_t at) const {
    if (text_.substr(at, 2) != "/*") return 0;
    const size_t close = text_.find("*/", at + 2);
    if (close == std::string_view::npos) return 0;
    return strict_ && in_source_ && is_wildcard(at, close + 2) ? 0 : close + 2;
  }

  // In a source, `/*` is the wildcard where it continues a path, and after FROM unless a path follows it.
  [[nodiscard]] bool is_wildcard(size_t at, size_t comment_end) const {
    if (tokens_.back().end_offset() == at) return true;
    if (tokens_.back().kind != Kind::from_word) return false;
    const size_t next = text_.find_first_not_of(kBlanks, comment_end);
    return next == std::string_view::npos ||
           std::string_view("/'\"").find(text_[next]) == std::string_view::npos;
  }

  [[nodiscard]] Token next() const {
    const char c = text_[at_];
    if (c == '"' || c == '\'') return quoted();
    if (c == '$' && path_end(at_ + 1) > at_ + 1) return token(Kind::system_name, path_end(at_ + 1));
    if (text_.substr(at_, 2) == "!=") return token(Kind::not_equal, at_ + 2);
    if (strict_ && text_.substr(at_, 2) == "||") return token(Kind::concat, at_ + 2);
    if (strict_ && text_.substr(at_, 2) == "-$") return token(Kind::minus, at_ + 1);
    return in_path(c) ? word() : symbol();
  }

  [[nodiscard]] Token word() const {
    const size_t end = name_end(at_);
    if (path_end(at_) > end) return token(Kind::bracketed_name, path_end(at_));
    return token(word_kind(text_.substr(at_, end - at_), strict_ ? Semantics::strict : Semantics::edgehub),
                 end);
  }

  [[nodiscard]] Token symbol() const {
    for (const Word& known : kSymbols) {
      if (text_.substr(at_).starts_with(known.text)) return token(known.kind, at_ + known.text.size());
    }
    size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<uint8_t>(text_[end]) & 0xC0) == 0x80) ++end;
    return token(Kind::unknown, end);
  }

  [[nodiscard]] Token quoted() const {
    const char quote = text_[at_];
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote) {
      const size_t escape = text_[end] == '\\' ? escape_bytes(end) : 1;
      if (escape == 0) return {Kind::bad_escape, end, std::min<size_t>(2, text_.size() - end)};
      end += escape;
    }
    const bool closed = end < text_.size();
    if (closed) ++end;
    // `'` is a name character to edgeHub, and the longest match wins: 'a'||'b' is a name.
    if (!strict_ && quote == '\'' && name_end(at_) > end) return token(Kind::name, name_end(at_));
    return token(closed ? Kind::string : Kind::unterminated_string, end);
  }

  // Bytes of the escape at the backslash `at`, 0 if it is none.
  [[nodiscard]] size_t escape_bytes(size_t at) const {
    const char c = at + 1 < text_.size() ? text_[at + 1] : '\0';
    if (c == '"' || c == '\'' || c == '\\') return 2;
    if (c != 'u' || at + 6 > text_.size()) return 0;
    for (const char digit : text_.substr(at + 2, 4)) {
      if (!is_hex(digit)) return 0;
    }
    return 6;
  }

  [[nodiscard]] size_t name_end(size_t from) const {
    return run_end(from, [](char c) { return in_name(c); });
  }
  [[nodiscard]] size_t path_end(size_t from) const {
    return run_end(from, [](char c) { return in_path(c); });
  }

  template <typename Belongs>
  [[nodiscard]] [[nodiscard]] size_t run_end(size_t from, Belongs belongs) const {
    size_t end = from;
    while (end < text_.size() && belongs(text_[end]) && !(strict_ && text_.substr(end, 2) == "!=")) ++end;
    return end;
  }

  [[nodiscard]] Token token(Kind kind, size_t end) const { return {kind, at_, end - at_}; }

  std::string_view text_;
  bool strict_;
  size_t at_ = 0;
  bool from_seen_ = false;
  bool in_source_ = false;  // between FROM and WHERE or INTO
  std::vector<Token> tokens_;
};

char32_t hex_value(std::string_view digits) {
  char32_t value = 0;
  for (const char c : digits) {
    value = value * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : core::ascii_lower(c) - 'a' + 10);
  }
  return value;
}

// A \uD8xx that is followed by \uDCxx is one character outside the basic plane.
char32_t take_unicode_escape(std::string_view text, size_t& at) {
  char32_t c = hex_value(text.substr(at + 2, 4));
  at += 6;
  if (c < 0xD800 || c > 0xDFFF) return c;
  if (c < 0xDC00 && text.substr(at, 2) == "\\u") {
    const char32_t low = hex_value(text.substr(at + 2, 4));
    if (low >= 0xDC00 && low <= 0xDFFF) {
      at += 6;
      return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return 0xFFFD;
}

}  // namespace

std::vector<Token> tokenize(std::string_view text, Semantics semantics) {
  return Lexer(text, semantics).run();
}

std::string unquote(std::string_view quoted) {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string value;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      value.push_back(text[at++]);
    } else if (text[at + 1] == 'u') {
      append_utf8(value, take_unicode_escape(text, at));
    } else {
      value.push_back(text[at + 1]);
      at += 2;
    }
  }
  return value;
}

bool is_word(Token::Kind kind) {
  switch (kind) {
    case Kind::name:
    case Kind::integer:
    case Kind::hex:
    case Kind::real:
    case Kind::select_word:
    case Kind::from_word:
    case Kind::where_word:
    case Kind::into_word:
    case Kind::and_word:
    case Kind::or_word:
    case Kind::not_word:
    case Kind::true_word:
    case Kind::false_word:
    case Kind::null_word:
    case Kind::undefined_word:
      return true;
    default:
      return false;
  }
}

}  // namespace headgate::routing
