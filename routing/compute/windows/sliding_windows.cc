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
  Pane* known = group.panes.find(placed.time_ms);
  placed.pane = known ? known : &add(group, placed.time_ms);
  return placed;
}

// The window may have given results before its pane made room for others, or its group did.
Pane& SlidingWindows::add(Group& group, int64_t time_ms) const {
  if (group.panes.size() >= kPanesMax) remove_first(group);
  const uint32_t given = time_ms < group.closed_until_ms ? group.revs : 0;
  Pane& pane = group.panes.find_or_add(time_ms, none_);
  pane.rev = std::max(given, first_rev(group, time_ms - size_ms_));
  return pane;
}

std::optional<Closing> SlidingWindows::completed(Group& group, int64_t time_ms) const {
  Pane* pane = group.panes.find(time_ms);
  if (!pane) return std::nullopt;
  Closing window;
  window.start_ms = time_ms - size_ms_;
  window.end_ms = time_ms;
  window.from = window.start_ms + 1;
  window.to = time_ms + 1;
  window.complete = window.from >= group.closed_until_ms;
  window.rev = pane->rev++;
  window.shown = pane->shown;
  return window;
}

std::optional<int64_t> SlidingWindows::next(const Group& group) const {
  if (group.panes.empty()) return std::nullopt;
  return group.panes.back().at + size_ms_ + late_.keep_ms;
}

void SlidingWindows::pass(Group& group, int64_t at_ms) const {
  while (!group.panes.empty() && group.panes[0].at + size_ms_ + late_.keep_ms <= at_ms) remove_first(group);
}

void SlidingWindows::note_shown(Group& group, const Closing& given, bool shown) const {
  if (Pane* pane = group.panes.find(given.end_ms)) pane->shown = shown;
}

// Windows that reach back to it lack messages.
void SlidingWindows::remove_first(Group& group) {
  group.closed_until_ms = std::max(group.closed_until_ms, group.panes[0].at + 1);
  group.panes.remove_first();
}

}  // namespace headgate::routing
