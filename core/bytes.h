// Views of bytes: payloads, wire data, encoded records.
#pragma once

#include <string_view>

namespace headgate::core {

// A view of raw bytes. It owns nothing: whoever hands one out says how long it lives.
// std::string is used for owned bytes throughout.
using Bytes = std::string_view;

}  // namespace headgate::core
