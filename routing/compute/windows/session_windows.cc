#include "routing/compute/windows/session_windows.h"

#include <algorithm>
#include <utility>

namespace headgate::routing {

SessionWindows::SessionWindows(const Window& window, LateRule late, Sums none)
    : gap_ms_(std::max<int64_t>(window.gap_ms, 1)),
      longest_ms_(window.size_ms > 0 ? window.size_ms : kForever),
      late_(late),
      none_(std::move(none)) {}

int64_t SessionWindows::end_of(const Pane& session) const {
  return std::min(session.last_ms + gap_ms_, session.first_ms + longest_ms_);
}

bool SessionWindows::takes(const Pane& session, int64_t time_ms) const {
  if (time_ms < session.first_ms)
    return session.first_ms - time_ms < gap_ms_ && session.last_ms - time_ms < longest_ms_;
  return time_ms < end_of(session);
}

// Sessions are in order and apart, so only the two around the time can take it.
Pane* SessionWindows::find(Group& group, int64_t time_ms, bool closed) const {
  const size_t after = group.panes.first_from(time_ms + 1);
  for (size_t i = after > 0 ? after - 1 : 0; i <= after && i < group.panes.size(); ++i) {
    Pane& session = group.panes[i];
    if (session.closed == closed && takes(session, time_ms)) return &session;
  }
  return nullptr;
}

Placement SessionWindows::place(Group& group, Moment moment) {
  Placement placed{nullptr, moment.time_ms, false, false};
  if (Pane* session = find(group, placed.time_ms, false)) {
    placed.pane = join(group, *session, placed.time_ms);
    return placed;
  }
  // A slower clock may have joined the group since: what was given stays given.
  const int64_t given_ms = std::max(group.closed_until_ms, group.forgotten_until_ms);
  moment.reached_ms = std::max(moment.reached_ms, given_ms);
  placed.late = placed.time_ms < given_ms || find(group, placed.time_ms, true) ||
                placed.time_ms + std::min(gap_ms_, longest_ms_) <= moment.reached_ms;
  placed.pane =
      placed.late ? place_late(group, placed, moment.reached_ms) : add(group, placed.time_ms, false);
  return placed;
}

Pane* SessionWindows::place_late(Group& group, Placement& placed, int64_t reached_ms) const {
  if (late_.policy == LatePolicy::adjust) {
    placed.time_ms = std::max(placed.time_ms, reached_ms);
    Pane* session = find(group, placed.time_ms, false);
    return session ? join(group, *session, placed.time_ms) : add(group, placed.time_ms, false);
  }
  Pane* session = find(group, placed.time_ms, true);
  placed.too_late = placed.time_ms + gap_ms_ + late_.keep_ms <= reached_ms || late_.keep_ms == 0 ||
                    (!session && placed.time_ms < group.forgotten_until_ms);
  if (placed.too_late) return nullptr;
  if (!session) session = add(group, placed.time_ms, true);
  session->last_ms = std::max(session->last_ms, placed.time_ms);
  session->revised = true;
  return session;
}

Pane* SessionWindows::add(Group& group, int64_t time_ms, bool closed) const {
  Pane& session = group.panes.find_or_add(time_ms, none_);
  session.first_ms = session.last_ms = time_ms;
  session.closed = closed;
  return &session;
}

Pane* SessionWindows::join(Group& group, Pane& session, int64_t time_ms) const {
  if (time_ms < session.first_ms) {
    session.first_ms = time_ms;
    if (!group.panes.find(time_ms)) group.panes.move_start(session, time_ms);
  }
  session.last_ms = std::max(session.last_ms, time_ms);
  const int64_t at = session.at;
  const size_t index = group.panes.first_from(at);
  join_next(group, index);
  if (index > 0) join_next(group, index - 1);
  Pane* joined = group.panes.find(at);
  return joined ? joined : &group.panes[index - 1];
}

// Makes two neighbours one if they are open, near enough, and not too long together.
void SessionWindows::join_next(Group& group, size_t index) const {
  if (index + 1 >= group.panes.size()) return;
  Pane& one = group.panes[index];
  Pane& other = group.panes[index + 1];
  const bool near = other.first_ms - one.last_ms < gap_ms_ && other.last_ms - one.first_ms < longest_ms_;
  if (one.closed || other.closed || !near) return;
  one.last_ms = std::max(one.last_ms, other.last_ms);
  merge_sums(one.sums, other.sums);
  group.panes.change(one);
  group.panes.remove(index + 1);
}

std::optional<int64_t> SessionWindows::next(const Group& group) const {
  int64_t next = kForever;
  for (size_t i = 0; i < group.panes.size(); ++i) {
    const Pane& session = group.panes[i];
    next = std::min(next, end_of(session) + (session.closed ? late_.keep_ms : 0));
  }
  return next == kForever ? std::nullopt : std::optional(next);
}

Closing SessionWindows::closing_of(const Pane& session) const {
  Closing window;
  window.from = session.at;
  window.to = session.at + 1;
  window.start_ms = session.at;
  window.end_ms = end_of(session);
  window.rev = session.rev;
  return window;
}

std::optional<Closing> SessionWindows::closing(Group& group, int64_t at_ms) const {
  for (size_t i = 0; i < group.panes.size(); ++i) {
    Pane& session = group.panes[i];
    const int64_t due = end_of(session) + (session.closed ? late_.keep_ms : 0);
    if (due > at_ms || (session.closed && !session.revised)) continue;
    const Closing window = closing_of(session);
    if (!session.closed) group.closed_until_ms = std::max(group.closed_until_ms, window.end_ms);
    session.closed = true;
    session.revised = false;
    ++session.rev;
    group.panes.change(session);
    return window;
  }
  return std::nullopt;
}

void SessionWindows::pass(Group& group, int64_t at_ms) const {
  group.forgotten_until_ms = std::max(group.forgotten_until_ms, at_ms - late_.keep_ms);
  for (size_t i = group.panes.size(); i-- > 0;) {
    const Pane& session = group.panes[i];
    if (session.closed && !session.revised && end_of(session) + late_.keep_ms <= at_ms) group.panes.remove(i);
  }
}

std::optional<Closing> SessionWindows::take_revision(Group& group) const {
  for (size_t i = 0; i < group.panes.size(); ++i) {
    Pane& session = group.panes[i];
    if (!session.revised) continue;
    const Closing window = closing_of(session);
    session.revised = false;
    ++session.rev;
    group.panes.change(session);
    return window;
  }
  return std::nullopt;
}

int64_t SessionWindows::holds_until(const Group& group) const {
  return group.panes.empty() ? kNever : end_of(group.panes.back());
}

std::vector<Closing> SessionWindows::open(const Group& group) const {
  std::vector<Closing> windows;
  for (size_t i = 0; i < group.panes.size(); ++i) {
    if (group.panes[i].closed) continue;
    windows.push_back(closing_of(group.panes[i]));
    windows.back().complete = false;
  }
  return windows;
}

std::optional<Closing> SessionWindows::give_up(Group& group) const {
  for (size_t i = 0; i < group.panes.size(); ++i) {
    Pane& session = group.panes[i];
    if (session.closed) continue;
    Closing window = closing_of(session);
    window.complete = false;
    session.closed = true;
    group.panes.change(session);
    return window;
  }
  return std::nullopt;
}

}  // namespace headgate::routing
