#include "hub/shell/watchdog.h"

#include <utility>

namespace headgate::hub {

Watchdog::Verdict Watchdog::look(uint64_t beats, int64_t now_ms) {
  Verdict verdict;
  verdict.end = asked_ms_ && now_ms - *asked_ms_ >= limits_.stop_ms;
  if (beats == 0) return verdict;
  const bool beaten = beats != std::exchange(beats_, beats);
  verdict.silent_ms = now_ms - beaten_ms_;
  if (beaten) beaten_ms_ = now_ms;
  verdict.sign = judge(beaten, verdict.silent_ms);
  const bool due = !pinged_ms_ || now_ms - *pinged_ms_ >= limits_.ping_every_ms;
  verdict.ping = limits_.ping_every_ms > 0 && !stalled_ && due;
  if (verdict.ping) pinged_ms_ = now_ms;
  return verdict;
}

Watchdog::Sign Watchdog::judge(bool beaten, int64_t silent_ms) {
  if (beaten) return std::exchange(stalled_, false) ? Sign::recovered : Sign::nothing;
  if (stalled_ || silent_ms < limits_.stalled_ms) return Sign::nothing;
  stalled_ = true;
  return Sign::stalled;
}

void Watchdog::stop(int64_t now_ms) {
  if (!asked_ms_) asked_ms_ = now_ms;
}

}  // namespace headgate::hub
