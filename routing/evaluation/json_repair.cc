#include "routing/evaluation/json_repair.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "routing/evaluation/json_number.h"

namespace headgate::routing {
namespace {

constexpr size_t kEscapeBytes = 6;        // \uXXXX
constexpr size_t kSafeIntegerBytes = 18;  // so many digits always fit 64 bits

std::optional<uint32_t> escaped_unit(std::string_view text) {
  if (text.size() < kEscapeBytes || !text.starts_with("\\u")) return std::nullopt;
  uint32_t unit = 0;
  const char* end = text.data() + kEscapeBytes;
  const auto read = std::from_chars(text.data() + 2, end, unit, 16);
  return read.ptr == end ? std::optional(unit) : std::nullopt;
}

bool is_high(std::optional<uint32_t> unit) { return unit && *unit >= 0xD800 && *unit <= 0xDBFF; }
bool is_low(std::optional<uint32_t> unit) { return unit && *unit >= 0xDC00 && *unit <= 0xDFFF; }

// Bytes of the string whose first quote `text` begins with, both quotes included.
size_t string_bytes(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

bool is_too_large(std::string_view number) {
  const bool integer = number.find_first_of(".eE") == std::string_view::npos;
  if (integer && number.size() > kSafeIntegerBytes) return true;
  return std::isinf(read_json_number(number));
}

}  // namespace

void replace_lone_surrogates(std::span<char> json) {
  const std::string_view text(json.data(), json.size());
  for (size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    const auto unit = escaped_unit(text.substr(at));
    if (!unit) {
      at += 2;
    } else if (is_high(unit) && is_low(escaped_unit(text.substr(std::min(at + kEscapeBytes, text.size()))))) {
      at += 2 * kEscapeBytes;
    } else {
      if (is_high(unit) || is_low(unit))
        std::ranges::copy(std::string_view("\\ufffd"), json.begin() + static_cast<std::ptrdiff_t>(at));
      at += kEscapeBytes;
    }
  }
}

std::string without_large_numbers(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    size_t bytes =
        json.front() == '"' ? string_bytes(json) : std::min(json.find_first_of("\"-0123456789"), json.size());
    std::string_view part = json.substr(0, bytes);
    if (bytes == 0) {
      bytes = std::min(json.find_first_not_of("0123456789+-.eE"), json.size());
      part = json.substr(0, bytes);
      if (is_json_number(part) && is_too_large(part)) part = "0";
    }
    out.append(part);
    json.remove_prefix(bytes);
  }
  return out;
}

}  // namespace headgate::routing
