#include "routing/compute/aggregates/stable_hash.h"

#include <array>
#include <bit>
#include <cstddef>

namespace headgate::routing {
namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;
constexpr size_t kStripeBytes = 32;

// Takes `size` bytes, little-endian.
uint64_t take(std::string_view& bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  bytes.remove_prefix(size);
  return value;
}

uint64_t mixed(uint64_t lane, uint64_t input) { return std::rotl(lane + input * kPrime2, 31) * kPrime1; }

uint64_t avalanche(uint64_t hash) {
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

// The whole stripes of a long input, in four lanes.
uint64_t hash_stripes(std::string_view& bytes, uint64_t seed) {
  std::array<uint64_t, 4> lanes = {seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1};
  while (bytes.size() >= kStripeBytes)
    for (uint64_t& lane : lanes) lane = mixed(lane, take(bytes, 8));
  uint64_t hash =
      std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  for (const uint64_t lane : lanes) hash = (hash ^ mixed(0, lane)) * kPrime1 + kPrime4;
  return hash;
}

}  // namespace

uint64_t stable_hash(std::string_view bytes, uint64_t seed) {
  const size_t size = bytes.size();
  uint64_t hash = size >= kStripeBytes ? hash_stripes(bytes, seed) : seed + kPrime5;
  hash += size;
  while (bytes.size() >= 8) hash = std::rotl(hash ^ mixed(0, take(bytes, 8)), 27) * kPrime1 + kPrime4;
  if (bytes.size() >= 4) hash = std::rotl(hash ^ take(bytes, 4) * kPrime1, 23) * kPrime2 + kPrime3;
  while (!bytes.empty()) hash = std::rotl(hash ^ take(bytes, 1) * kPrime5, 11) * kPrime1;
  return avalanche(hash);
}

}  // namespace headgate::routing
