// Bytes of kept state: varints (LEB128), zigzag for signed numbers, doubles and 64 bits little-endian.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace headgate::routing {

inline void pack_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Small for small numbers of either sign.
inline void pack_signed(std::string& out, int64_t value) {
  pack_varint(out, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

inline void pack_byte(std::string& out, uint8_t value) { out.push_back(static_cast<char>(value)); }

inline void pack_u64(std::string& out, uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

inline void pack_double(std::string& out, double value) { pack_u64(out, std::bit_cast<uint64_t>(value)); }

inline void pack_text(std::string& out, std::string_view text) {
  pack_varint(out, text.size());
  out.append(text);
}

// Reads what the functions above wrote. After a read past the end or a malformed value every further read answers
// zero or empty, and ok() is false: check once, at the end.
class PackedReader {
 public:
  explicit PackedReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  void refuse() {
    ok_ = false;
    rest_ = {};
  }

  uint8_t byte() {
    const std::string_view one = bytes(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t next = byte();
      if (shift == 63 && next > 1) break;
      value |= static_cast<uint64_t>(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    refuse();
    return 0;
  }

  int64_t signed_varint() {
    const uint64_t value = varint();
    return static_cast<int64_t>(value >> 1 ^ (0 - (value & 1)));
  }

  uint64_t u64() {
    const std::string_view eight = bytes(8);
    uint64_t value = 0;
    for (size_t i = 0; i < eight.size(); ++i)
      value |= static_cast<uint64_t>(static_cast<uint8_t>(eight[i])) << (8 * i);
    return value;
  }

  double number() { return std::bit_cast<double>(u64()); }

  // A view into what is read.
  std::string_view text() { return bytes(varint()); }

  std::string_view bytes(uint64_t size) {
    if (size > rest_.size()) {
      refuse();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace headgate::routing
