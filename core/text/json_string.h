// Strings of JSON, appended: who writes much of it has no tree to build.
#pragma once

#include <string>
#include <string_view>

namespace headgate::core {

// Appends `text`, which must be well-formed UTF-8, quoted and escaped (RFC 8259 section 7).
void append_json_string(std::string& out, std::string_view text);

}  // namespace headgate::core
