#include "upstream/payload/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base64.h"
#include "core/topic.h"

namespace headgate::upstream {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 0xF];
}

template <typename T>
void append_integer(std::string& out, T number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto stop = std::find_if(text.begin(), text.end(), needs_escape);
    const auto plain = static_cast<size_t>(stop - text.begin());
    out.append(text.substr(0, plain));
    if (stop == text.end()) break;
    append_escaped(out, *stop);
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

void append_json_lossy(std::string& out, std::string_view text) {
  if (core::is_valid_utf8(text)) return append_json_string(out, text);
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
  append_json_string(out, utf8);
}

void append_json_base64(std::string& out, core::Bytes bytes) {
  out += '"';
  core::append_base64(out, bytes);
  out += '"';
}

void append_json_number(std::string& out, int64_t number) { append_integer(out, number); }
void append_json_number(std::string& out, uint64_t number) { append_integer(out, number); }

}  // namespace headgate::upstream
