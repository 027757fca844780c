// The end of what a client was let in by, such as a token: counted from CONNECT, so that a clock that is set ends nobody.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/time/unset_clock.h"

namespace headgate::broker {

// A value without I/O. As long as the clock is known to be unset, nothing ends: who came meanwhile is counted anew once it is right.
class ProofEnd {
 public:
  enum class State : uint8_t {
    good,
    doubtful,  // over by a clock that is known to be unset
    over,
  };

  // Proof that never ends.
  ProofEnd() = default;
  // `ends_wall_ms`: Unix time as it stands in the proof.
  ProofEnd(int64_t ends_wall_ms, core::Now connected)
      : ends_wall_ms_(ends_wall_ms),
        ends_mono_ms_(connected.mono_ms + left(ends_wall_ms, connected)),
        guessed_(core::is_clock_unset(connected)) {}

  // Call about once a second.
  [[nodiscard]] State look(core::Now now) {
    if (ends_mono_ms_ == kNever) return State::good;
    const bool unset = core::is_clock_unset(now);
    if (guessed_ && !unset) settle(now);
    if (now.mono_ms < ends_mono_ms_) return State::good;
    return unset ? State::doubtful : State::over;
  }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  static constexpr int64_t kFarMs = kNever / 4;
  // Grace after the clock has been set, for who would have had to make a new proof in time: SDKs do so each 45 minutes.
  static constexpr int64_t kGraceMs = 60 * 60 * 1'000;

  [[nodiscard]] static int64_t left(int64_t ends_wall_ms, core::Now now) {
    return std::clamp<int64_t>(ends_wall_ms - now.wall_ms, 0, kFarMs);
  }
  void settle(core::Now now) {
    guessed_ = false;
    const int64_t left_ms = left(ends_wall_ms_, now);
    ends_mono_ms_ = now.mono_ms + (left_ms > 0 ? left_ms : kGraceMs);
  }

  int64_t ends_wall_ms_ = kNever;
  int64_t ends_mono_ms_ = kNever;
  bool guessed_ = false;  // counted by a clock that was not right
};

}  // namespace headgate::broker
