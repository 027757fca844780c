// Counts of messages: they stop at 2^53, up to which a double holds every whole number.
#pragma once

#include <algorithm>
#include <cstdint>

#include "routing/compute/aggregates/packed.h"

namespace headgate::routing {

inline constexpr uint64_t kCountMax = uint64_t{1} << 53;

inline void raise(uint64_t& count, uint64_t by) { count = std::min(count + by, kCountMax); }

[[nodiscard]] inline uint64_t read_count(PackedReader& in) {
  const uint64_t count = in.varint();
  if (count > kCountMax) in.refuse();
  return in.ok() ? count : 0;
}

}  // namespace headgate::routing
