// Parts of the data behind the head of a columns batch, each of one kind of bytes, so that a compressor can treat each
// by its own statistics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headgate::upstream::columns {

// Whole bits, least significant first, into bytes.
class BitWriter {
 public:
  // Appends the low `bits` (0 to 64) of `value`.
  void put(uint64_t value, unsigned bits) {
    if (bits > 32) {
      put(value & 0xFFFFFFFF, 32);
      return put(value >> 32, bits - 32);
    }
    if (bits < 64) value &= (uint64_t{1} << bits) - 1;
    pending_ |= value << held_;
    for (held_ += bits; held_ >= 8; held_ -= 8, pending_ >>= 8) bytes_ += static_cast<char>(pending_);
  }

  // The bytes so far; the last one filled up with zeros. Nothing may be put afterwards.
  [[nodiscard]] std::string_view finish() {
    if (held_ > 0) bytes_ += static_cast<char>(pending_);
    pending_ = held_ = 0;
    return bytes_;
  }

  void clear() {
    bytes_.clear();
    pending_ = held_ = 0;
  }

 private:
  std::string bytes_;
  uint64_t pending_ = 0;
  unsigned held_ = 0;  // bits in `pending_`, below 8 between calls
};

struct Streams {
  std::string texts;   // patterns, words, and numbers of words
  std::string planes;  // upper parts of integers, a byte each
  BitWriter bits;      // lower parts of integers: noise

  void clear() {
    texts.clear();
    planes.clear();
    bits.clear();
  }

  // A text holds no NUL: it is part of well-formed JSON.
  void put_text(std::string_view text) { texts.append(text).push_back('\0'); }
};

}  // namespace headgate::upstream::columns
