// XXH64 (Collet, "xxHash fast digest algorithm", specification 0.1.1): 64 bits of good quality, the same on every
// machine and in every release. No defence against who chooses the values on purpose.
#pragma once

#include <cstdint>
#include <string_view>

namespace headgate::routing {

[[nodiscard]] uint64_t stable_hash(std::string_view bytes, uint64_t seed);

}  // namespace headgate::routing
