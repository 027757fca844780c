// Decides which lines go into the log, so that nobody can fill it: neither a client that comes and goes all
// day, nor one that invents names, nor an event that happens with each message. No I/O, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"

namespace headgate::hub {

// Since the start.
struct LogStats {
  uint64_t dropped = 0;   // lines that nobody read in time, or that the file refused
  uint64_t left_out = 0;  // lines of which there were enough in their minute
};

// A sum of lines that were left out: `lines` of an event about one name, or about several (`name` empty).
struct LinesLeftOut {
  std::string event;
  std::string name;
  uint64_t lines = 0;
};

// A line about somebody (a client, a peer, a topic): one a minute for each event and name, or kDebugLinesMax at
// debug, for at most LogLimiter::kKeysMax names of an event; the others share theirs. Other lines:
// kLinesOfAnEventMax a minute for each event. Events are the hub's own words, so there are few.
class LogGate {
 public:
  static constexpr uint64_t kLinesOfAnEventMax = 1000;
  static constexpr uint64_t kDebugLinesMax = 20;

  // Whether the line is written. `name` empty: it is about nobody.
  [[nodiscard]] bool admit(std::string_view event, std::string_view name, core::Now now,
                           core::LogLevel level = core::LogLevel::info);
  // Takes the sums of minutes that are over. Call every second.
  [[nodiscard]] std::vector<LinesLeftOut> take_sums(core::Now now);

  [[nodiscard]] uint64_t left_out() const { return left_out_; }  // in all

 private:
  // A second less than what the parts use that limit their own lines. They have read the clock an instant
  // before, and the line that they let through after a minute must not be left out here.
  static constexpr int64_t kPeriodMs = core::LogLimiter::kPeriodMs - 1000;

  struct Event {
    core::LogLimiter by_name{kPeriodMs};
    int64_t minute_began_ms = 0;  // monotonic; of lines about nobody
    uint64_t lines = 0;           // of them, written in this minute
    uint64_t beyond = 0;          // of them, left out
  };
  [[nodiscard]] bool admit_one_of_many(Event& event, core::Now now);

  std::map<std::string, Event, std::less<>> events_;
  std::vector<LinesLeftOut> sums_;  // found while a line came, and not taken yet
  uint64_t left_out_ = 0;
};

}  // namespace headgate::hub
