// The few primitives of the on-disk format: varints (LEB128), length-prefixed strings, big-endian keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace headgate::store {

inline void put_varint(std::string& out, uint64_t value) {
  char bytes[10];
  size_t n = 0;
  while (value >= 0x80) {
    bytes[n++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes[n++] = static_cast<char>(value);
  out.append(bytes, n);
}

inline void put_string(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

inline void put_u8(std::string& out, uint8_t value) { out.push_back(static_cast<char>(value)); }

inline void put_u32_be(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

inline void put_u64_be(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

[[nodiscard]] inline std::string u32_bytes(uint32_t value) {
  std::string out;
  put_u32_be(out, value);
  return out;
}

[[nodiscard]] inline std::string u64_bytes(uint64_t value) {
  std::string out;
  put_u64_be(out, value);
  return out;
}

// Reads what the functions above wrote. After a read past the end or a malformed value every further read
// answers zero or empty and ok() is false: check once, at the end.
class Decoder {
 public:
  explicit Decoder(core::Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }
  [[nodiscard]] core::Bytes rest() const { return rest_; }

  uint8_t u8() { return static_cast<uint8_t>(be(1)); }
  uint32_t u32_be() { return static_cast<uint32_t>(be(4)); }
  uint64_t u64_be() { return be(8); }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  }

  // A view into the decoded bytes.
  core::Bytes bytes(size_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const core::Bytes taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  core::Bytes string() { return bytes(varint()); }

 private:
  uint64_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  uint64_t be(size_t size) {
    uint64_t value = 0;
    for (const char c : bytes(size)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }

  core::Bytes rest_;
  bool ok_ = true;
};

}  // namespace headgate::store
