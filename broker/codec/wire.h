// The data types of the wire (MQTT 5.0 section 1.5): a bounded reader and appending writers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace headgate::broker {

// The largest value of a variable byte integer (MQTT 5.0 table 1-1), and so of a remaining length.
inline constexpr uint32_t kVarintMax = 268'435'455;

// The largest string or binary datum: its length is two bytes (MQTT 5.0 sections 1.5.4 and 1.5.6).
inline constexpr size_t kStringBytesMax = 65'535;

// core::is_valid_utf8 with a word-at-a-time fast path for ASCII.
[[nodiscard]] bool is_valid_text(std::string_view text);

// core::is_valid_topic_name with the same fast path.
[[nodiscard]] bool is_valid_topic(std::string_view topic);

// Reads a packet's body from front to back. Views it hands out point into the input. A read past the end, or
// of ill-formed data, latches `failed()`, and it and every later read answer zero or empty: decoders read
// straight through and check once. Every such failure is a Malformed Packet (MQTT 5.0 section 1.2).
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  uint8_t u8() {
    if (rest_.empty()) return fail(), uint8_t{0};
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  uint16_t u16() {
    if (rest_.size() < 2) return fail(), uint16_t{0};
    const auto value = static_cast<uint16_t>(byte(0) << 8 | byte(1));
    rest_.remove_prefix(2);
    return value;
  }
  uint32_t u32() {
    const uint32_t high = u16();
    return high << 16 | u16();
  }
  // A variable byte integer, in as few bytes as it needs [MQTT-1.5.5-1].
  uint32_t varint() {
    if (rest_.empty() || byte(0) >= 0x80) return long_varint();
    return u8();
  }
  // A UTF-8 encoded string [MQTT-1.5.4-1, MQTT-1.5.4-2].
  // [MQTT-1.5.7-1, MQTT-3.1.3-4, MQTT-3.1.3-12, MQTT-3.3.2-19]; 3.1.1 [MQTT-1.5.3-1, MQTT-1.5.3-2,
  // MQTT-3.1.3-4, MQTT-3.1.3-11]
  std::string_view utf8() {
    const std::string_view text = binary();
    if (is_valid_text(text)) return text;
    fail();
    return {};
  }
  // Two bytes of length and that many bytes; also a string whose contents the caller checks.
  std::string_view binary() { return take(u16()); }
  std::string_view take(size_t bytes) {
    if (rest_.size() < bytes) return fail(), std::string_view{};
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  // Everything that is left.
  std::string_view rest() { return take(rest_.size()); }

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }
  // True when all was read, and nothing of it failed.
  [[nodiscard]] bool done() const { return rest_.empty() && !failed_; }
  void fail() {
    failed_ = true;
    rest_ = {};
  }

 private:
  uint32_t long_varint();
  [[nodiscard]] unsigned byte(size_t i) const { return static_cast<uint8_t>(rest_[i]); }

  std::string_view rest_;
  bool failed_ = false;
};

[[nodiscard]] constexpr size_t varint_bytes(size_t value) {
  if (value < 128) return 1;
  if (value < 16'384) return 2;
  return value < 2'097'152 ? 3 : 4;
}

// Raw writers: the caller has made room, and gets back the place after what was written.
inline char* put_u8(char* at, uint8_t value) {
  *at = static_cast<char>(value);
  return at + 1;
}
inline char* put_u16(char* at, uint16_t value) {
  at[0] = static_cast<char>(value >> 8);
  at[1] = static_cast<char>(value & 0xFF);
  return at + 2;
}
inline char* put_u32(char* at, uint32_t value) {
  return put_u16(put_u16(at, static_cast<uint16_t>(value >> 16)), static_cast<uint16_t>(value & 0xFFFF));
}
inline char* put_varint(char* at, size_t value) {
  for (; value >= 128; value >>= 7) at = put_u8(at, static_cast<uint8_t>(value | 0x80));
  return put_u8(at, static_cast<uint8_t>(value));
}
// `text` is at most 65,535 bytes.
inline char* put_string(char* at, std::string_view text) {
  at = put_u16(at, static_cast<uint16_t>(text.size()));
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// Appends `bytes` bytes to `out` for raw writers to fill; growth is geometric.
inline char* grow(std::string& out, size_t bytes) {
  const size_t before = out.size();
  out.resize(before + bytes);
  return out.data() + before;
}

// Appending forms of the writers above, for packets that are rare enough to be built piece by piece.
void append_u8(std::string& out, uint8_t value);
void append_u16(std::string& out, uint16_t value);
void append_u32(std::string& out, uint32_t value);
void append_varint(std::string& out, size_t value);
void append_string(std::string& out, std::string_view text);

// A reason string (MQTT 5.0 section 2.4) for whoever looks into the packet. It is left out where it would
// make the packet larger than the receiver takes [MQTT-3.2.2-19, MQTT-3.4.2-2, MQTT-3.9.2-1, MQTT-3.14.2-3,
// …], and in 3.1.1, which has none.
struct ReasonText {
  std::string_view text = {};  // UTF-8, at most 65,535 bytes
  size_t packet_bytes_max = std::numeric_limits<size_t>::max();
};

}  // namespace headgate::broker
