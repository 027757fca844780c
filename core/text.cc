#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace headgate::core {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Code points that are not shown as they are: controls (Cc), format characters (Cf), separators of lines and
// paragraphs, and letters and marks without a width. Unicode 15, in ascending order.
constexpr auto kHidden = std::to_array<Range>({
    {0x0000, 0x001F},   {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},
    {0x061C, 0x061C},   {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},
    {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
});

bool is_hidden(char32_t point) {
  const auto range = std::ranges::lower_bound(kHidden, point, {}, [](const Range& one) { return one.last; });
  return range != kHidden.end() && range->first <= point;
}

struct Decoded {
  char32_t point = 0;
  size_t bytes = 0;  // 0: not UTF-8
};

// The code point at the front of `text`, which is not empty, in its shortest form (RFC 3629).
Decoded decode(std::string_view text) {
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t point = lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    point = point << 6 | (next & 0x3Fu);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kLeast[bytes] || surrogate || point > 0x10FFFF) return {};
  return {point, bytes};
}

void append_hidden(std::string& shown, char32_t point, bool is_utf8) {
  std::array<char, 16> escape{};
  const bool short_form = !is_utf8 || point < 0x80;
  std::snprintf(escape.data(), escape.size(), short_form ? "\\x%02x" : "\\u{%x}",
                static_cast<unsigned>(point));
  shown += point == '\n' ? "\\n" : escape.data();
}

}  // namespace

std::string printable(std::string_view text, LineFeeds feeds) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    const size_t bytes = std::max<size_t>(next.bytes, 1);
    const bool as_it_is =
        next.bytes > 0 && (!is_hidden(next.point) || (next.point == '\n' && feeds == LineFeeds::kept));
    if (as_it_is) {
      shown += text.substr(0, bytes);
    } else {
      append_hidden(shown, next.bytes > 0 ? next.point : static_cast<unsigned char>(text.front()),
                    next.bytes > 0);
    }
    text.remove_prefix(bytes);
  }
  return shown;
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.bytes == 0 || is_hidden(next.point)) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

namespace {

constexpr std::string_view kEllipsis = "\u2026";

// The offset behind the character at `offset`.
size_t next_character(std::string_view text, size_t offset) {
  constexpr size_t kCharacterBytesMax = 4;
  const size_t end = std::min(text.size(), offset + kCharacterBytesMax);
  do {
    ++offset;
  } while (offset < end && (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80);
  return offset;
}

size_t skip(std::string_view text, size_t characters) {
  size_t offset = 0;
  for (; characters > 0 && offset < text.size(); --characters) offset = next_character(text, offset);
  return offset;
}

}  // namespace

std::string ascii_lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), ascii_lower);
  return lowered;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string shortened(std::string_view text, size_t characters_max) {
  if (text.size() <= characters_max) return std::string(text);
  size_t characters = 0;
  for (size_t offset = 0; offset < text.size(); offset = next_character(text, offset)) ++characters;
  if (characters <= characters_max) return std::string(text);
  const size_t tail = characters_max / 3;
  std::string cut(text.substr(0, skip(text, characters_max - tail - 1)));
  return cut.append(kEllipsis).append(text.substr(skip(text, characters - tail)));
}

}  // namespace headgate::core
