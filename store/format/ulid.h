// ULIDs: 48 bits of time and 80 of chance as 26 letters that sort by time. Source: github.com/ulid/spec.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace headgate::store {

[[nodiscard]] std::string make_ulid(int64_t wall_ms, const std::array<uint8_t, 10>& random);

}  // namespace headgate::store
