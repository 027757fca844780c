#include "core/base64.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace headgate::core {

void append_base64(std::string& out, Bytes bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t taken = std::min<size_t>(3, bytes.size() - at);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      const auto byte = i < taken ? static_cast<unsigned char>(bytes[at + i]) : 0U;
      group = group << 8 | byte;
    }
    for (size_t i = 0; i < 4; ++i) out += i <= taken ? kDigits[group >> (18 - 6 * i) & 0x3F] : '=';
  }
}

}  // namespace headgate::core
