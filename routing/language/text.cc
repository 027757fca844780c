#include "routing/language/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/text.h"

namespace headgate::routing {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
constexpr std::string_view kCurrency = "\xC2\xA4";  // U+00A4, the invariant culture's currency sign
constexpr size_t kNumberBytesMax = 400;

bool continues(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Two UTF-16 units for a character outside the basic plane, whose UTF-8 form starts at 0xF0.
size_t units_of(char lead) { return continues(lead) ? 0 : static_cast<uint8_t>(lead) >= 0xF0 ? 2 : 1; }

char32_t decode(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0x80}; };
  const uint8_t lead = byte(at);
  const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  static constexpr std::array<uint8_t, 5> kMask = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t code_point = lead & kMask[bytes];
  for (size_t i = 1; i < bytes; ++i) code_point = (code_point << 6) | (byte(at + i) & 0x3Fu);
  at = std::min(at + bytes, text.size());
  return code_point;
}

bool between(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

// Blocks whose letters come in pairs, capital first. True if `c` lies in one; `even` says which one is the
// capital.
bool in_paired_block(char32_t c, bool& even_is_capital) {
  even_is_capital = !(between(c, 0x139, 0x148) || between(c, 0x179, 0x17E));
  return between(c, 0x100, 0x12F) || between(c, 0x132, 0x137) || between(c, 0x139, 0x148) ||
         between(c, 0x14A, 0x177) || between(c, 0x179, 0x17E) || between(c, 0x460, 0x481) ||
         between(c, 0x48A, 0x4BF) || between(c, 0x4D0, 0x52F) || between(c, 0x1E00, 0x1E95) ||
         between(c, 0x1EA0, 0x1EFF);
}

char32_t lower(char32_t c) {
  bool even = false;
  if (between(c, 'A', 'Z') || (between(c, 0xC0, 0xDE) && c != 0xD7)) return c + 0x20;
  if (in_paired_block(c, even)) return (c % 2 == 0) == even ? c + 1 : c;
  if (between(c, 0x391, 0x3AB) && c != 0x3A2) return c + 0x20;
  if (between(c, 0x410, 0x42F)) return c + 0x20;
  if (between(c, 0x400, 0x40F)) return c + 0x50;
  return c;
}

char32_t upper(char32_t c) {
  bool even = false;
  if (between(c, 'a', 'z') || (between(c, 0xE0, 0xFE) && c != 0xF7)) return c - 0x20;
  if (in_paired_block(c, even)) return (c % 2 == 0) == even ? c : c - 1;
  if (between(c, 0x3B1, 0x3CB) && c != 0x3C2) return c - 0x20;
  if (between(c, 0x430, 0x44F)) return c - 0x20;
  if (between(c, 0x450, 0x45F)) return c - 0x50;
  return c;
}

template <typename Map>
void map_characters(std::string_view text, std::string& out, Map map) {
  out.clear();
  for (size_t at = 0; at < text.size();) append_utf8(out, map(decode(text, at)));
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes what may stand around the digits off both ends; returns false if it stands there twice.
bool strip_affixes(std::string_view& text, bool& negative) {
  bool sign_seen = false;
  bool currency_seen = false;
  const auto sign = [&](char c) {
    if (sign_seen || (c != '+' && c != '-')) return false;
    negative = c == '-';
    return sign_seen = true;
  };
  if (text.size() > 2 && text.front() == '(' && text.back() == ')') {
    negative = sign_seen = true;
    text = text.substr(1, text.size() - 2);
  }
  for (bool again = true; again;) {
    again = false;
    text = trim(text);
    if (!text.empty() && sign(text.front())) text.remove_prefix(1), again = true;
    if (!currency_seen && text.starts_with(kCurrency)) {
      text.remove_prefix(kCurrency.size()), again = currency_seen = true;
    }
    if (!text.empty() && sign(text.back())) text.remove_suffix(1), again = true;
    if (!currency_seen && text.ends_with(kCurrency)) {
      text.remove_suffix(kCurrency.size()), again = currency_seen = true;
    }
  }
  return !text.empty();
}

// Reads a number that from_chars calls out of range: it is either infinite or next to nothing.
double overflow_or_zero(std::string_view digits) {
  const size_t exponent = digits.find_first_of("eE");
  const bool tiny = exponent != std::string_view::npos ? digits.substr(exponent + 1).starts_with('-')
                                                       : digits.starts_with('.') || digits.starts_with('0');
  return tiny ? 0.0 : std::numeric_limits<double>::infinity();
}

std::optional<double> parse_plain(std::string_view digits) {
  if (digits.front() != '.' && (digits.front() < '0' || digits.front() > '9')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc::result_out_of_range ? overflow_or_zero(digits) : value;
}

}  // namespace

int compare_ordinal(std::string_view a, std::string_view b) noexcept {
  const size_t shared = std::min(a.size(), b.size());
  const auto [x, y] = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shared), b.begin());
  if (x == a.begin() + static_cast<std::ptrdiff_t>(shared)) {
    return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  }
  // U+E000 to U+FFFF (lead bytes EE, EF) sort after the surrogates that stand for F0 and above.
  const auto rank = [](char c) {
    const int byte = static_cast<uint8_t>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x20 : byte;
  };
  return rank(*x) - rank(*y);
}

size_t utf16_length(std::string_view text) noexcept {
  size_t units = 0;
  for (const char c : text) units += units_of(c);
  return units;
}

std::optional<size_t> utf16_offset(std::string_view text, size_t units) noexcept {
  size_t seen = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (continues(text[at])) continue;
    if (seen >= units) return seen == units ? std::optional(at) : std::nullopt;
    seen += units_of(text[at]);
  }
  return seen == units ? std::optional(text.size()) : std::nullopt;
}

void to_lower(std::string_view text, std::string& out) { map_characters(text, out, lower); }
void to_upper(std::string_view text, std::string& out) { map_characters(text, out, upper); }

void append_utf8(std::string& out, char32_t c) {
  const auto push = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return push(c);
  if (c < 0x800) return push(0xC0 | (c >> 6)), push(0x80 | (c & 0x3F));
  if (c < 0x10000) return push(0xE0 | (c >> 12)), push(0x80 | ((c >> 6) & 0x3F)), push(0x80 | (c & 0x3F));
  push(0xF0 | (c >> 18)), push(0x80 | ((c >> 12) & 0x3F)), push(0x80 | ((c >> 6) & 0x3F)),
      push(0x80 | (c & 0x3F));
}

std::optional<double> parse_number(std::string_view text) noexcept {
  bool negative = false;
  text = trim(text);
  if (text.empty() || text.size() > kNumberBytesMax || !strip_affixes(text, negative)) return std::nullopt;
  if (core::equals_ignoring_case(text, "infinity")) {
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  std::array<char, kNumberBytesMax> digits{};
  size_t count = 0;
  bool integer_part = true;
  for (const char c : text) {
    if (c == '.' || c == 'e' || c == 'E') integer_part = false;
    if (c == ',' && integer_part && count > 0) continue;
    if (c == '+' && count > 0 && core::ascii_lower(digits[count - 1]) == 'e') continue;
    digits[count++] = c;
  }
  if (count == 0) return std::nullopt;
  const auto value = parse_plain({digits.data(), count});
  return value ? std::optional(negative ? -*value : *value) : std::nullopt;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = diagonal + (core::ascii_lower(a[i - 1]) == core::ascii_lower(b[j - 1]) ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replace}));
    }
  }
  return row[b.size()];
}

}  // namespace headgate::routing
