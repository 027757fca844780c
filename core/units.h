// Sizes and times as people write them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace headgate::core {

struct SizeSuffix {
  std::string_view name;
  uint64_t bytes;
};

// Largest first.
inline constexpr std::array<SizeSuffix, 9> kSizeSuffixes = {{{"TiB", 1ULL << 40U},
                                                             {"GiB", 1ULL << 30U},
                                                             {"MiB", 1ULL << 20U},
                                                             {"KiB", 1ULL << 10U},
                                                             {"TB", 1'000'000'000'000},
                                                             {"GB", 1'000'000'000},
                                                             {"MB", 1'000'000},
                                                             {"kB", 1000},
                                                             {"B", 1}}};

// "64MiB" → bytes. Suffixes B, KiB, MiB, GiB, TiB and kB, MB, GB, TB. Errors: invalid.
[[nodiscard]] Result<uint64_t> parse_byte_size(std::string_view text);

// "7d" → milliseconds. Suffixes ms, s, m, h, d. Errors: invalid.
[[nodiscard]] Result<int64_t> parse_duration_ms(std::string_view text);

}  // namespace headgate::core
