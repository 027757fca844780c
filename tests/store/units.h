// Sizes that tests of disks reckon in.
#pragma once

#include <cstdint>

namespace headgate::store {

inline constexpr uint64_t kMiB = 1u << 20;

}  // namespace headgate::store
