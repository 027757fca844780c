#include "hub/observe/log_gate.h"

#include <utility>

namespace headgate::hub {

bool LogGate::admit(std::string_view event, std::string_view name, core::Now now, core::LogLevel level) {
  auto found = events_.find(event);
  if (found == events_.end()) found = events_.try_emplace(std::string(event)).first;
  if (name.empty()) return admit_one_of_many(found->second, now);
  const uint64_t lines_max = level == core::LogLevel::debug ? kDebugLinesMax : 1;
  const auto before = found->second.by_name.admit(name, now, lines_max);
  if (!before) {
    ++left_out_;
  } else if (*before > 0) {
    sums_.push_back({found->first, std::string(name), *before});
  }
  return before.has_value();
}

bool LogGate::admit_one_of_many(Event& event, core::Now now) {
  if (event.beyond == 0 && now.mono_ms - event.minute_began_ms >= kPeriodMs) {
    event.minute_began_ms = now.mono_ms;
    event.lines = 0;
  }
  if (event.lines < kLinesOfAnEventMax) {
    ++event.lines;
    return true;
  }
  ++event.beyond;
  ++left_out_;
  return false;
}

std::vector<LinesLeftOut> LogGate::take_sums(core::Now now) {
  std::vector<LinesLeftOut> sums = std::exchange(sums_, {});
  for (auto& [name, event] : events_) {
    for (auto& sum : event.by_name.take_sums(now)) sums.push_back({name, std::move(sum.key), sum.lines});
    if (event.beyond == 0 || now.mono_ms - event.minute_began_ms < kPeriodMs) continue;
    sums.push_back({name, "", std::exchange(event.beyond, 0)});
  }
  return sums;
}

}  // namespace headgate::hub
