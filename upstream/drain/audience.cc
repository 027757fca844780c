#include "upstream/drain/audience.h"

#include <algorithm>
#include <utility>

#include "upstream/drain/refusal.h"
#include "upstream/link/link.h"

namespace headgate::upstream {
namespace {

BackoffOptions at_most_a_minute(BackoffOptions options) {
  return {std::min(options.base_ms, Audience::kAskEveryMsMax),
          std::min(options.cap_ms, Audience::kAskEveryMsMax)};
}

}  // namespace

Audience::Audience(const UpstreamOptions& options)
    : asks_(options.no_subscriber == NoSubscriber::wait && options.link.protocol == 5),
      state_(asks_ ? State::unknown : State::heard),
      backoff_(at_most_a_minute(options.backoff)) {}

bool Audience::misses(uint8_t code) const { return asks_ && code == no_matching_subscribers; }

bool Audience::on_answer(uint8_t code, core::Now now, uint64_t random) {
  if (misses(code)) return miss(now, random);
  return code < 0x80 && hear();
}

// A refusal says nothing about subscribers: whether it is about the moment, the right or the size, data finds out.
bool Audience::on_probe_answer(uint8_t code, core::Now now, uint64_t random) {
  lost_probes_ = 0;
  if (misses(code)) return miss(now, random);
  return !is_not_now(code) && hear();
}

bool Audience::hear() {
  missing_since_ms_ = 0;
  return std::exchange(state_, State::heard) != State::heard;
}

bool Audience::miss(core::Now now, uint64_t random) {
  const bool first = std::exchange(state_, State::missing) != State::missing;
  if (first) missing_since_ms_ = now.wall_ms;
  const int64_t proven_ms = first ? Backoff::kStableMs : 0;
  ask_at_ms_ = now.mono_ms + backoff_.next_ms(proven_ms, false, random);
  return first;
}

void Audience::on_link_down(bool unanswered) {
  if (unanswered && ++lost_probes_ >= kLostProbesMax) hear();
}

}  // namespace headgate::upstream
