#include "upstream/drain/backoff.h"

#include <algorithm>
#include <utility>

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

int64_t Pause::begin(core::Now now, uint64_t random) {
  const int64_t proven_for_ms = std::exchange(proven_, false) ? Backoff::kStableMs : 0;
  const int64_t wait_ms = backoff_.next_ms(proven_for_ms, false, random);
  until_ms_ = now.mono_ms + wait_ms;
  return wait_ms;
}

bool Pause::holds(core::Now now) {
  if (now.mono_ms >= until_ms_) until_ms_ = 0;
  return until_ms_ != 0;
}

}  // namespace headgate::upstream
