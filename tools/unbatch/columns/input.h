// Reads the data behind the head of a batch in columns. Nothing is believed: what is not there is told as missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"

namespace headgate::tools::columns {

class Input {
 public:
  // REQUIRES: `text_bytes` and `plane_bytes` together are no more than `data` has. Views what it is given.
  Input(core::Bytes data, size_t text_bytes, size_t plane_bytes)
      : texts_(data.substr(0, text_bytes)),
        planes_(data.substr(text_bytes, plane_bytes)),
        bits_(data.substr(text_bytes + plane_bytes)) {}

  // The next text, which a NUL ends.
  [[nodiscard]] std::optional<std::string_view> text() {
    const size_t end = texts_.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = texts_.substr(0, end);
    texts_.remove_prefix(end + 1);
    return text;
  }

  // The next bytes among the texts.
  [[nodiscard]] std::optional<core::Bytes> numbers(size_t count) {
    if (texts_.size() < count) return std::nullopt;
    const core::Bytes numbers = texts_.substr(0, count);
    texts_.remove_prefix(count);
    return numbers;
  }

  [[nodiscard]] std::optional<uint8_t> plane() {
    if (planes_.empty()) return std::nullopt;
    const auto byte = static_cast<uint8_t>(planes_.front());
    planes_.remove_prefix(1);
    return byte;
  }

  // The next 0 to 64 bits, the least significant first.
  [[nodiscard]] std::optional<uint64_t> bits(unsigned count) {
    if (bits_.size() * 8 - bit_ < count) return std::nullopt;
    uint64_t value = 0;
    for (unsigned have = 0; have < count;) {
      const auto byte = static_cast<uint8_t>(bits_[bit_ / 8]);
      const unsigned from = bit_ % 8;
      const unsigned taken = count - have < 8 - from ? count - have : 8 - from;
      value |= (uint64_t{byte} >> from & ((uint64_t{1} << taken) - 1)) << have;
      have += taken;
      bit_ += taken;
    }
    return value;
  }

  [[nodiscard]] bool at_end() const {
    return texts_.empty() && planes_.empty() && bits_.size() == (bit_ + 7) / 8;
  }

 private:
  core::Bytes texts_;
  core::Bytes planes_;
  core::Bytes bits_;
  size_t bit_ = 0;
};

}  // namespace headgate::tools::columns
