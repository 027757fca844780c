// How often this test program has allocated.
#pragma once

#include <cstddef>

namespace headgate::testing {

// Calls of the global operator new so far. Linking this replaces it.
[[nodiscard]] size_t allocation_count();

}  // namespace headgate::testing
