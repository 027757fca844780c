#include "upstream/payload/json_text.h"

#include <array>
#include <charconv>

#include "core/base64.h"
#include "core/text/json_string.h"
#include "core/topic.h"

namespace headgate::upstream {
namespace {

template <typename T>
void append_integer(std::string& out, T number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void append_json_lossy(std::string& out, std::string_view text) {
  if (core::is_valid_utf8(text)) return core::append_json_string(out, text);
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | byte >> 6);
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  core::append_json_string(out, utf8);
}

void append_json_base64(std::string& out, core::Bytes bytes) {
  out += '"';
  core::append_base64(out, bytes);
  out += '"';
}

void append_json_number(std::string& out, int64_t number) { append_integer(out, number); }
void append_json_number(std::string& out, uint64_t number) { append_integer(out, number); }

}  // namespace headgate::upstream
