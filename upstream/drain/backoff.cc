#include "upstream/drain/backoff.h"

#include <algorithm>

namespace headgate::upstream {
namespace {

int64_t between(int64_t low, int64_t high, uint64_t random) {
  if (high <= low) return low;
  return low + static_cast<int64_t>(random % static_cast<uint64_t>(high - low + 1));
}

}  // namespace

int64_t Backoff::next_ms(int64_t was_up_ms, bool hopeless, uint64_t random) {
  if (was_up_ms >= kStableMs) previous_ms_ = options_.base_ms;
  if (hopeless) {
    previous_ms_ = options_.cap_ms;
    return between(options_.cap_ms - options_.cap_ms / 10, options_.cap_ms, random);
  }
  const int64_t high = std::min(options_.cap_ms, previous_ms_ * 3);
  previous_ms_ = between(std::min(options_.base_ms, high), high, random);
  return previous_ms_;
}

}  // namespace headgate::upstream
