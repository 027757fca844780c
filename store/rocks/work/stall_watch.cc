#include "store/rocks/work/stall_watch.h"

#include <utility>

namespace headgate::store {
namespace {

constexpr int64_t kTellEveryMs = 60'000;

}  // namespace

StallWatch::Verdict StallWatch::look(ThreadProgress now, int64_t mono_ms) {
  const bool same = now.busy && now.begun == piece_;
  if (!same) {
    const int64_t took_ms = mono_ms - std::exchange(since_ms_, mono_ms);
    piece_ = now.begun;
    return {std::exchange(told_ms_, std::nullopt) ? Sign::goes_on : Sign::nothing, took_ms};
  }
  const int64_t for_ms = mono_ms - since_ms_;
  const bool told = told_ms_ && mono_ms - *told_ms_ < kTellEveryMs;
  if (for_ms < patience_ms_ || told) return {};
  told_ms_ = mono_ms;
  return {Sign::waits, for_ms};
}

}  // namespace headgate::store
