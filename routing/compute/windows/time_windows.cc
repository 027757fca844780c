#include "routing/compute/windows/time_windows.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace headgate::routing {
namespace {

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

TimeWindows::TimeWindows(const Window& window, LateRule late, Sums none)
    : size_ms_(std::max<int64_t>(window.size_ms, 1)),
      hop_ms_(window.kind == Window::Kind::tumbling || window.hop_ms <= 0 ? size_ms_ : window.hop_ms),
      offset_ms_(window.offset_ms),
      pane_ms_(std::gcd(size_ms_, hop_ms_)),
      late_(late),
      none_(std::move(none)) {}

int64_t TimeWindows::pane_of(int64_t time_ms) const { return floor_div(time_ms - offset_ms_, pane_ms_); }

int64_t TimeWindows::last_end(int64_t time_ms) const {
  return offset_ms_ + floor_div(time_ms - offset_ms_, hop_ms_) * hop_ms_ + size_ms_;
}

// Ends are hop_ms_ apart: the first of them behind the time.
int64_t TimeWindows::first_end(int64_t time_ms) const {
  const int64_t phase = offset_ms_ + size_ms_;
  return phase + (floor_div(time_ms - phase, hop_ms_) + 1) * hop_ms_;
}

Placement TimeWindows::place(Group& group, Moment moment) {
  moment.reached_ms = std::max(moment.reached_ms, group.closed_until_ms);
  Placement placed{nullptr, moment.time_ms, false, false};
  int64_t last = last_end(placed.time_ms);
  if (last <= placed.time_ms) return placed;  // between two windows
  const int64_t first = first_end(placed.time_ms);
  placed.late = first <= moment.reached_ms;
  if (last <= moment.reached_ms) {
    if (late_.policy == LatePolicy::adjust) {
      placed.time_ms = moment.reached_ms;
      last = last_end(placed.time_ms);
    } else if (last + late_.keep_ms <= moment.reached_ms || last <= group.forgotten_until_ms) {
      placed.too_late = true;
      return placed;
    }
  }
  if (placed.late && late_.keep_ms > 0)
    revise(group,
           std::max(first, first_end(std::max(moment.reached_ms - late_.keep_ms, group.forgotten_until_ms))),
           std::min(last, moment.reached_ms));
  if (placed.late) group.closed_until_ms = std::max(group.closed_until_ms, moment.reached_ms);
  placed.pane = &group.panes.unpack_or_add(pane_of(placed.time_ms), none_);
  return placed;
}

bool TimeWindows::holds_panes(const Group& group, int64_t end_ms) const {
  const Closing window = window_until(end_ms);
  const size_t first = group.panes.first_from(window.from);
  return first < group.panes.size() && group.panes.at(first) < window.to;
}

// A window that had no message has given no result: its first one is not a revision.
Revision TimeWindows::unknown_until_now(const Group& group, int64_t end_ms) const {
  const bool given = holds_panes(group, end_ms);
  return {end_ms, first_rev(group, end_ms - size_ms_) + (given ? 1U : 0U), true, given};
}

void TimeWindows::revise(Group& group, int64_t first_end_ms, int64_t last_end_ms) const {
  for (int64_t end = first_end_ms; end <= last_end_ms; end += hop_ms_) {
    const auto known = std::lower_bound(group.revisions.begin(), group.revisions.end(), end,
                                        [](const Revision& one, int64_t at) { return one.end_ms < at; });
    if (known != group.revisions.end() && known->end_ms == end)
      known->owed = true;
    else
      group.revisions.insert(known, unknown_until_now(group, end));
  }
}

Closing TimeWindows::window_until(int64_t end_ms) const {
  Closing window;
  window.start_ms = end_ms - size_ms_;
  window.end_ms = end_ms;
  window.from = pane_of(window.start_ms);
  window.to = pane_of(end_ms);
  return window;
}

Closing TimeWindows::first_result(const Group& group, int64_t end_ms) const {
  Closing window = window_until(end_ms);
  window.rev = first_rev(group, window.start_ms);
  return window;
}

// The first end behind those that are closed whose window has a pane.
std::optional<int64_t> TimeWindows::next_end(const Group& group) const {
  if (group.panes.empty()) return std::nullopt;
  const int64_t earliest = first_end(group.closed_until_ms);
  const size_t index = group.panes.first_from(pane_of(earliest - size_ms_));
  if (index == group.panes.size()) return std::nullopt;
  return std::max(earliest, first_end(pane_start(group.panes.at(index))));
}

std::optional<int64_t> TimeWindows::next(const Group& group) const {
  if (group.panes.empty()) return std::nullopt;
  const int64_t expires = last_end(pane_start(group.panes.at(0))) + late_.keep_ms;
  return std::min(next_end(group).value_or(kForever), expires);
}

std::optional<Closing> TimeWindows::closing(Group& group, int64_t at_ms) const {
  if (next_end(group) == at_ms) {
    group.closed_until_ms = at_ms;
    return first_result(group, at_ms);
  }
  const bool expires = !group.revisions.empty() && group.revisions.front().end_ms + late_.keep_ms <= at_ms;
  return expires ? take_revision(group) : std::nullopt;
}

void TimeWindows::pass(Group& group, int64_t at_ms) const {
  const int64_t kept_from = at_ms - late_.keep_ms;
  group.forgotten_until_ms = std::max(group.forgotten_until_ms, kept_from);
  std::erase_if(group.revisions, [&](const Revision& one) { return one.end_ms <= kept_from && !one.owed; });
  if (!group.revisions.empty() && group.revisions.front().end_ms <= kept_from) return;
  while (!group.panes.empty() && last_end(pane_start(group.panes.at(0))) <= kept_from)
    group.panes.remove_first();
}

std::optional<Closing> TimeWindows::take_revision(Group& group) const {
  const auto owed = std::find_if(group.revisions.begin(), group.revisions.end(),
                                 [](const Revision& one) { return one.owed; });
  if (owed == group.revisions.end()) return std::nullopt;
  Closing window = window_until(owed->end_ms);
  window.rev = owed->rev++;
  window.shown = owed->shown;
  owed->owed = false;
  return window;
}

int64_t TimeWindows::holds_until(const Group& group) const {
  return group.panes.empty() ? kNever : pane_start(group.panes.back().at + 1);
}

// Results of windows that are not known were given; those that HAVING refused are, while they can be revised.
void TimeWindows::note_shown(Group& group, const Closing& given, bool shown) const {
  const auto known = std::lower_bound(group.revisions.begin(), group.revisions.end(), given.end_ms,
                                      [](const Revision& one, int64_t at) { return one.end_ms < at; });
  if (known != group.revisions.end() && known->end_ms == given.end_ms)
    known->shown = shown;
  else if (!shown && late_.keep_ms > 0)
    group.revisions.insert(known, {given.end_ms, given.rev + 1, false, false});
}

// A message is in one of them at least; of windows that overlap the earliest is given.
std::optional<Closing> TimeWindows::open(const Group& group, int64_t from) const {
  for (size_t i = group.panes.first_from(from); i < group.panes.size(); ++i) {
    const int64_t start = pane_start(group.panes.at(i));
    if (last_end(start) > group.closed_until_ms)
      return first_result(group, std::max(first_end(start), first_end(group.closed_until_ms)));
  }
  return std::nullopt;
}

std::optional<Closing> TimeWindows::first_open(const Group& group) const {
  const auto end = next_end(group);
  return end ? std::optional(window_until(*end)) : std::nullopt;
}

std::optional<Closing> TimeWindows::give_up(Group& group) const {
  const auto end = next_end(group);
  if (!end) return std::nullopt;
  group.closed_until_ms = *end;
  Closing window = first_result(group, *end);
  window.complete = false;
  return window;
}

}  // namespace headgate::routing
