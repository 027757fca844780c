// Reading base64; writing it is core's (core/base64.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::hub {

// Decodes the standard alphabet with its padding and nothing else in it; nullopt: it is none (RFC 4648 section 4).
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace headgate::hub
