#include "store/format/ulid.h"

namespace headgate::store {
namespace {

constexpr char kCrockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Writes the low 5 × `letters` bits of `value`.
void put_base32(std::string& out, uint64_t value, int letters) {
  for (int shift = (letters - 1) * 5; shift >= 0; shift -= 5) out.push_back(kCrockford[value >> shift & 31]);
}

}  // namespace

std::string make_ulid(int64_t wall_ms, const std::array<uint8_t, 10>& random) {
  std::string out;
  put_base32(out, static_cast<uint64_t>(wall_ms) & 0xffff'ffff'ffff, 10);
  for (size_t half = 0; half < 10; half += 5) {
    uint64_t bits = 0;
    for (size_t i = half; i < half + 5; ++i) bits = bits << 8 | random[i];
    put_base32(out, bits, 8);
  }
  return out;
}

}  // namespace headgate::store
