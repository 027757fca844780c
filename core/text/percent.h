// Percent escapes of URLs (RFC 3986 section 2.1), user names and tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::core {

// `text` with its %XX decoded, once; `+` stays what it is. Nullopt: an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

// `text` with all but letters, digits and -._~ escaped.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace headgate::core
