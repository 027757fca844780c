// The parts of config_keys(), one table a part of the hub, and the bounds that they share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "hub/config/keys.h"

namespace headgate::hub {

inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;
inline constexpr uint64_t kTiB = 1024 * kGiB;
inline constexpr uint64_t kPiB = 1024 * kTiB;
inline constexpr uint64_t kU16Max = std::numeric_limits<uint16_t>::max();
inline constexpr uint64_t kU32Max = std::numeric_limits<uint32_t>::max();
inline constexpr uint64_t kPacketBytesMax = 268'435'460;  // remaining length 268,435,455 and a 5-byte header

inline constexpr uint64_t kDownstreamMax = 64;  // entries of a link

using Keys = std::vector<Key<Config>>;

[[nodiscard]] Keys limit_keys();     // limit_keys.cc
[[nodiscard]] Keys store_keys();     // store_keys.cc
[[nodiscard]] Keys edge_keys();      // edge_keys.cc
[[nodiscard]] Keys upstream_keys();  // upstream_keys.cc

// Gives the same keys, but a reload takes their values over.
[[nodiscard]] Keys at_once(Keys keys);

[[nodiscard]] Keys joined(std::initializer_list<Keys> parts);

}  // namespace headgate::hub
