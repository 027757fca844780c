#include "routing/compute/windows/sliding_windows.h"

#include <algorithm>
#include <utility>

namespace headgate::routing {

SlidingWindows::SlidingWindows(const Window& window, LateRule late, Sums none)
    : size_ms_(std::max<int64_t>(window.size_ms, 1)), late_(late), none_(std::move(none)) {}

Placement SlidingWindows::place(Group& group, Moment moment) {
  Placement placed{nullptr, moment.time_ms, moment.time_ms < moment.reached_ms, false};
  if (placed.late && late_.policy == LatePolicy::adjust) placed.time_ms = moment.reached_ms;
  placed.too_late = placed.time_ms + late_.keep_ms < moment.reached_ms;
  if (placed.too_late) return placed;
  pass(group, moment.reached_ms);
  if (group.panes.size() >= kPanesMax && !group.panes.find(placed.time_ms)) remove_first(group);
  placed.pane = &group.panes.find_or_add(placed.time_ms, none_);
  return placed;
}

std::optional<Closing> SlidingWindows::completed(const Group& group, int64_t time_ms) const {
  Closing window;
  window.start_ms = time_ms - size_ms_;
  window.end_ms = time_ms;
  window.from = window.start_ms + 1;
  window.to = time_ms + 1;
  window.complete = window.from >= group.closed_until_ms;
  return window;
}

std::optional<int64_t> SlidingWindows::next(const Group& group) const {
  if (group.panes.empty()) return std::nullopt;
  return group.panes.back().at + size_ms_ + late_.keep_ms;
}

void SlidingWindows::pass(Group& group, int64_t at_ms) const {
  while (!group.panes.empty() && group.panes[0].at + size_ms_ + late_.keep_ms <= at_ms) remove_first(group);
}

// Windows that reach back to it lack messages.
void SlidingWindows::remove_first(Group& group) {
  group.closed_until_ms = std::max(group.closed_until_ms, group.panes[0].at + 1);
  group.panes.remove_first();
}

}  // namespace headgate::routing
