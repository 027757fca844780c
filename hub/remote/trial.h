// The time in which a new document has to show that the hub can still be reached. Pure; times are mono.
//
// Counted is only time in which the hub has tried and not got through: the wait before an attempt that failed, and time in
// which a link is open and its budget lets nothing pass. While no link is to be used, and while the hub is not running, none passes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace headgate::hub {

// A link upstream that documents come down by, as it is now.
struct LinkSight {
  std::string name;
  bool up = false;
  bool trying = false;    // it connects, or waits to do so again
  bool refused = false;   // its windows are open, and its budget lets nothing go
  uint64_t failures = 0;  // attempts that have ended in vain, since the start
};

class Trial {
 public:
  // `tried_ms`: what was counted before the hub ended.
  Trial(int64_t limit_ms, int64_t tried_ms) : limit_ms_(limit_ms), tried_ms_(tried_ms) {}

  // Call about once a second. True once the time is over.
  [[nodiscard]] bool look(std::span<const LinkSight> links, int64_t mono_ms);
  [[nodiscard]] int64_t tried_ms() const { return tried_ms_; }
  [[nodiscard]] int64_t limit_ms() const { return limit_ms_; }

 private:
  int64_t limit_ms_;
  int64_t tried_ms_;
  int64_t since_ms_ = -1;  // time from here on may yet count; -1: no look was taken
  uint64_t failures_ = 0;
};

}  // namespace headgate::hub
