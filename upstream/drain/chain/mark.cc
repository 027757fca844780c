#include "upstream/drain/chain/mark.h"

#include "upstream/payload/json_text.h"

namespace headgate::upstream {
namespace {

// A skippable frame (RFC 8878 section 3.1.2): magic number 0x184D2A5C, then its size, both little-endian.
constexpr std::string_view kMarkMagic = "\x5C\x2A\x4D\x18";

void append_u32_le(std::string& out, size_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

void append_given_up(std::string& text, const GivenUp& given_up) {
  text += '[';
  append_json_number(text, given_up.numbers.first);
  text += ',';
  append_json_number(text, given_up.numbers.last);
  if (given_up.after != 0) {
    text += ',';
    append_json_number(text, given_up.after);
    text += ',';
    append_json_base64(text, bytes_of(given_up.after_hash));
  }
  text += ']';
}

}  // namespace

std::string mark_text(const Mark& mark) {
  std::string text = "{\"n\":";
  append_json_number(text, mark.number);
  if (mark.after != 0) {
    if (mark.after + 1 != mark.number) {
      text += ",\"after\":";
      append_json_number(text, mark.after);
    }
    text += ",\"prev\":";
    append_json_base64(text, bytes_of(mark.after_hash));
  }
  if (!mark.instead_of.empty()) text += ",\"instead_of\":[";
  for (const GivenUp& given_up : mark.instead_of) {
    if (text.back() != '[') text += ',';
    append_given_up(text, given_up);
  }
  if (!mark.instead_of.empty()) text += ']';
  if (mark.ahead) text += ",\"ahead\":true";
  if (mark.over != 0) {
    text += ",\"over\":";
    append_json_number(text, mark.over);
  }
  return text += '}';
}

Digest batch_hash(core::Bytes key, std::string_view mark, const Digest& content) {
  const std::string hashed = std::string(mark).append(bytes_of(content));
  return key.empty() ? sha256(hashed) : hmac_sha256(key, hashed);
}

std::string with_mark(std::string payload, std::string_view mark) {
  if (payload.starts_with('{')) {
    payload.pop_back();
    return payload.append(",\"chain\":").append(mark).append("}");
  }
  payload.append(kMarkMagic);
  append_u32_le(payload, mark.size());
  return payload.append(mark);
}

}  // namespace headgate::upstream
