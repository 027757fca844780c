#include "broker/codec/wire.h"

#include "core/topic.h"

namespace headgate::broker {
namespace {

constexpr uint64_t kOnes = 0x0101'0101'0101'0101;
constexpr uint64_t kHighBits = 0x8080'8080'8080'8080;

// A bit in kHighBits set if any byte of `word`, all of them below 0x80, equals `byte`.
constexpr uint64_t has_byte(uint64_t word, uint8_t byte) {
  return ((word ^ (kOnes * byte)) - kOnes) & kHighBits;
}

constexpr uint64_t unusual_in_text(uint64_t word) { return (word & kHighBits) | has_byte(word, 0); }

constexpr uint64_t unusual_in_topic(uint64_t word) {
  return unusual_in_text(word) | has_byte(word, '+') | has_byte(word, '#');
}

// True if `unusual` finds nothing in any eight bytes of `text`. What remains at the end is looked at in a
// word filled up with spaces.
template <uint64_t (*unusual)(uint64_t)>
bool is_plain(std::string_view text) {
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if (unusual(word) != 0) return false;
  }
  uint64_t word = kOnes * ' ';
  if (left > 0) std::memcpy(&word, at, left);
  return unusual(word) == 0;
}

}  // namespace

// [MQTT-1.5.4-3]; 3.1.1 [MQTT-1.5.3-3]
bool is_valid_text(std::string_view text) {
  return is_plain<unusual_in_text>(text) || core::is_valid_utf8(text);
}

bool is_valid_topic(std::string_view topic) {
  if (!topic.empty() && topic.size() <= kStringBytesMax && is_plain<unusual_in_topic>(topic)) return true;
  return core::is_valid_topic_name(topic);
}

uint32_t Reader::long_varint() {
  uint32_t value = 0;
  for (int shift = 0; shift < 28; shift += 7) {
    const uint8_t next = u8();
    value |= static_cast<uint32_t>(next & 0x7F) << shift;
    if (next >= 0x80) continue;
    if (next == 0 && shift > 0) break;  // fewer bytes would do
    return value;
  }
  fail();
  return 0;
}

void append_u8(std::string& out, uint8_t value) { out.push_back(static_cast<char>(value)); }
void append_u16(std::string& out, uint16_t value) { put_u16(grow(out, 2), value); }
void append_u32(std::string& out, uint32_t value) { put_u32(grow(out, 4), value); }
void append_varint(std::string& out, size_t value) { put_varint(grow(out, varint_bytes(value)), value); }
void append_string(std::string& out, std::string_view text) { put_string(grow(out, 2 + text.size()), text); }

}  // namespace headgate::broker
