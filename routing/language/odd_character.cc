#include "routing/language/odd_character.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace headgate::routing {
namespace {

struct Known {
  char32_t first;
  char32_t last;
  std::string_view name;
  std::string_view meant;
};

// In the order of code points. A character without `meant` is a blank or cannot be seen.
constexpr std::array<Known, 42> kKnown = {
    {{0x00A0, 0x00A0, "NO-BREAK SPACE", ""},
     {0x00AB, 0x00AB, "LEFT-POINTING DOUBLE ANGLE QUOTATION MARK", "\""},
     {0x00AD, 0x00AD, "SOFT HYPHEN", ""},
     {0x00B4, 0x00B4, "ACUTE ACCENT", "'"},
     {0x00BB, 0x00BB, "RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK", "\""},
     {0x1680, 0x1680, "OGHAM SPACE MARK", ""},
     {0x2000, 0x200A, "a wide or narrow SPACE", ""},
     {0x200B, 0x200B, "ZERO WIDTH SPACE", ""},
     {0x200C, 0x200D, "ZERO WIDTH JOINER OR NON-JOINER", ""},
     {0x200E, 0x200F, "a MARK of the direction of writing", ""},
     {0x2010, 0x2011, "HYPHEN", "-"},
     {0x2012, 0x2012, "FIGURE DASH", "-"},
     {0x2013, 0x2013, "EN DASH", "-"},
     {0x2014, 0x2015, "EM DASH", "-"},
     {0x2018, 0x2018, "LEFT SINGLE QUOTATION MARK", "'"},
     {0x2019, 0x2019, "RIGHT SINGLE QUOTATION MARK", "'"},
     {0x201A, 0x201A, "SINGLE LOW-9 QUOTATION MARK", "'"},
     {0x201B, 0x201B, "SINGLE HIGH-REVERSED-9 QUOTATION MARK", "'"},
     {0x201C, 0x201C, "LEFT DOUBLE QUOTATION MARK", "\""},
     {0x201D, 0x201D, "RIGHT DOUBLE QUOTATION MARK", "\""},
     {0x201E, 0x201E, "DOUBLE LOW-9 QUOTATION MARK", "\""},
     {0x201F, 0x201F, "DOUBLE HIGH-REVERSED-9 QUOTATION MARK", "\""},
     {0x2028, 0x2028, "LINE SEPARATOR", ""},
     {0x2029, 0x2029, "PARAGRAPH SEPARATOR", ""},
     {0x202A, 0x202E, "a MARK of the direction of writing", ""},
     {0x202F, 0x202F, "NARROW NO-BREAK SPACE", ""},
     {0x2032, 0x2032, "PRIME", "'"},
     {0x2033, 0x2033, "DOUBLE PRIME", "\""},
     {0x2039, 0x203A, "SINGLE ANGLE QUOTATION MARK", "'"},
     {0x205F, 0x205F, "MEDIUM MATHEMATICAL SPACE", ""},
     {0x2060, 0x2060, "WORD JOINER", ""},
     {0x2066, 0x2069, "a MARK of the direction of writing", ""},
     {0x2212, 0x2212, "MINUS SIGN", "-"},
     {0x2260, 0x2260, "NOT EQUAL TO", "!="},
     {0x2264, 0x2264, "LESS-THAN OR EQUAL TO", "<="},
     {0x2265, 0x2265, "GREATER-THAN OR EQUAL TO", ">="},
     {0x3000, 0x3000, "IDEOGRAPHIC SPACE", ""},
     {0xFEFF, 0xFEFF, "ZERO WIDTH NO-BREAK SPACE (a byte order mark)", ""},
     {0xFF02, 0xFF02, "FULLWIDTH QUOTATION MARK", "\""},
     {0xFF07, 0xFF07, "FULLWIDTH APOSTROPHE", "'"},
     {0xFF08, 0xFF09, "FULLWIDTH PARENTHESIS", "( or )"},
     {0xFF1D, 0xFF1D, "FULLWIDTH EQUALS SIGN", "="}}};

// The two- or three-byte character that begins there; 0 if there is none.
char32_t decode(std::string_view text, size_t at, size_t& bytes) noexcept {
  const auto byte = [&](size_t i) {
    return static_cast<uint8_t>(at + i < text.size() ? text[at + i] : '\0');
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  if ((byte(0) & 0xE0U) == 0xC0U && follows(1)) {
    bytes = 2;
    return ((byte(0) & 0x1FU) << 6U) | (byte(1) & 0x3FU);
  }
  if ((byte(0) & 0xF0U) == 0xE0U && follows(1) && follows(2)) {
    bytes = 3;
    return ((byte(0) & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
  }
  return 0;
}

}  // namespace

std::string OddCharacter::text() const {
  std::array<char, 16> number{};
  const int size = std::snprintf(number.data(), number.size(), "U+%04X ", static_cast<unsigned>(code_point));
  return std::string(number.data(), static_cast<size_t>(size)).append(name);
}

std::string OddCharacter::advice() const {
  if (!invisible) return "write `" + std::string(meant) + "`";
  return "it looks like a blank or like nothing; delete it, or type a blank";
}

std::optional<OddCharacter> odd_character_at(std::string_view text, size_t at) noexcept {
  size_t bytes = 0;
  const char32_t c = decode(text, at, bytes);
  const auto known =
      std::ranges::find_if(kKnown, [c](const Known& it) { return it.first <= c && c <= it.last; });
  if (c == 0 || known == kKnown.end()) return std::nullopt;
  return OddCharacter{c, bytes, known->name, known->meant, known->meant.empty()};
}

std::optional<OddCharacter> find_odd_character(std::string_view text, size_t& at) noexcept {
  for (at = 0; at < text.size(); ++at) {
    if (static_cast<uint8_t>(text[at]) < 0x80) continue;
    if (const auto found = odd_character_at(text, at)) return found;
  }
  return std::nullopt;
}

}  // namespace headgate::routing
