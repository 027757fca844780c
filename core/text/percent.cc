#include "core/text/percent.h"

#include <cstdint>

#include "core/text.h"

namespace headgate::core {

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const std::string_view hex = text.substr(i + 1, 2);
    const auto byte = parse_whole<uint8_t>(hex, 16);
    if (hex.size() != 2 || !byte) return std::nullopt;
    decoded += static_cast<char>(*byte);
    i += 2;
  }
  return decoded;
}

}  // namespace headgate::core
