#include "tools/headgate/deploy/quoting.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace headgate::tools {
namespace {

constexpr std::string_view kPlainCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:@,=+-";

std::string hex(const char* format, uint32_t value) {
  std::array<char, 16> text{};
  return {text.data(), static_cast<size_t>(std::snprintf(text.data(), text.size(), format, value))};
}

// Reads one code point of valid UTF-8 and moves `at` behind it.
uint32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(i < text.size() ? text[i] : 0); };
  const uint8_t first = byte(at);
  size_t more = 0;
  if (first >= 0xC0) more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  uint32_t point = more == 0 ? first : first & (0x3Fu >> more);
  for (size_t i = 1; i <= more; ++i) point = point << 6 | (byte(at + i) & 0x3Fu);
  at += more + 1;
  return point;
}

bool yaml_needs_escape(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029 ||
         point == 0xFEFF || point == 0xFFFE || point == 0xFFFF;
}

}  // namespace

std::string yaml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const uint32_t point = next_code_point(text, at);
    if (point == '"' || point == '\\')
      (quoted += '\\') += static_cast<char>(point);
    else if (point == '\n')
      quoted += "\\n";
    else if (yaml_needs_escape(point))
      quoted += point < 0x100 ? hex("\\x%02x", point) : hex("\\u%04x", point);
    else
      quoted += text.substr(start, at - start);
  }
  return quoted + '"';
}

bool is_plain_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kPlainCharacters) == std::string_view::npos;
}

std::string systemd_word(std::string_view text) {
  if (is_plain_word(text)) return std::string(text);
  std::string word = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\')
      (word += '\\') += c;
    else if (c == '%' || c == '$')
      (word += c) += c;
    else if (c == '\n')
      word += "\\n";
    else if (byte < 0x20 || byte == 0x7F)
      word += hex("\\x%02x", byte);
    else
      word += c;
  }
  return word + '"';
}

std::string systemd_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '%') line += '%';
    line += static_cast<uint8_t>(c) < 0x20 || c == '\\' ? ' ' : c;
  }
  return line;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + '"';
}

}  // namespace headgate::tools
