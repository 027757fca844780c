// Content types (RFC 6838) as publishers write them.
#pragma once

#include <string_view>

namespace headgate::core {

// True for application/json, text/json and all that end in +json (RFC 6839), in any case and with any
// parameters: what the WHATWG's MIME Sniffing Standard calls a JSON MIME type.
[[nodiscard]] bool is_json_type(std::string_view content_type) noexcept;

}  // namespace headgate::core
