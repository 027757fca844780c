// Keeps one offender from filling the log: one line a key and minute, and in the next one how many were left
// out between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"

namespace headgate::core {

// Bounded: kKeysMax keys of kKeyBytesMax bytes (a longer one stands for all that begin like it). While that
// many have had their line within a minute, all further keys share one: whoever invents names does not get a
// line for each. Whom it forgets for lack of room, it forgets with what was left out.
class LogLimiter {
 public:
  static constexpr int64_t kPeriodMs = 60'000;
  static constexpr size_t kKeysMax = 1024;
  static constexpr size_t kKeyBytesMax = 64;

  explicit LogLimiter(int64_t period_ms = kPeriodMs) : period_ms_(period_ms) {}

  // How many lines of this key were left out before this minute, if one may be written now; else nullopt, and
  // this one is left out. A minute has `lines_max` of a key.
  [[nodiscard]] std::optional<uint64_t> admit(std::string_view key, core::Now now, uint64_t lines_max = 1);

  // Takes sums of keys whose minute is over: one for each, and the next minute of each begins. Forgets
  // keys that had nothing left out. For who calls it every second no offender is without a sum for long.
  struct LeftOut {
    std::string key;  // as far as it is remembered; empty: of all who shared a line
    uint64_t lines = 0;
  };
  [[nodiscard]] std::vector<LeftOut> take_sums(core::Now now);

  [[nodiscard]] size_t keys() const { return entries_.size(); }

 private:
  struct Entry {
    int64_t written_ms = 0;  // monotonic: the first line of its minute
    uint64_t lines = 0;      // since then, with that one
    uint64_t left_out = 0;   // since then
  };
  [[nodiscard]] bool has_room(core::Now now);

  int64_t period_ms_;
  std::unordered_map<std::string, Entry> entries_;
  int64_t swept_ms_ = 0;  // monotonic
};

}  // namespace headgate::core
