// A moment as people write it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace headgate::routing {

// How long ago (`90m`, `1h`, `2d`), or an ISO time, in Unix milliseconds. Error: invalid, with what is allowed.
[[nodiscard]] core::Result<int64_t> parse_moment(std::string_view text, int64_t now_ms);

}  // namespace headgate::routing
