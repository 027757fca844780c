#include "routing/compute/windows/session_windows.h"

#include <algorithm>
#include <utility>

namespace headgate::routing {
namespace {

// The first session that has not given a result.
size_t first_open(const Group& group) {
  size_t low = 0;
  for (size_t high = group.panes.size(); low < high;) {
    const size_t middle = low + (high - low) / 2;
    if (group.panes[middle].closed)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::vector<Revision>::iterator owed_of(Group& group, int64_t at) {
  return std::lower_bound(group.revisions.begin(), group.revisions.end(), at,
                          [](const Revision& one, int64_t wanted) { return one.end_ms < wanted; });
}

void owe(Group& group, Pane& session) {
  if (std::exchange(session.revised, true)) return;
  group.revisions.insert(owed_of(group, session.at), {session.at, 0, true, false});
}

}  // namespace

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
  // Behind one that is due and has not been given, it is given after that one.
  const bool behind_open = group.panes.first_from(placed.time_ms) > first_open(group);
  if (!session) {
    session = add(group, placed.time_ms, !behind_open);
    if (session->closed) group.closed_until_ms = std::max(group.closed_until_ms, end_of(*session));
  }
  session->last_ms = std::max(session->last_ms, placed.time_ms);
  if (session->closed) owe(group, *session);
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
  if (group.panes.empty()) return std::nullopt;
  const size_t open = first_open(group);
  const int64_t ends = open < group.panes.size() ? end_of(group.panes[open]) : kForever;
  return open == 0 ? ends : std::min(ends, end_of(group.panes[0]) + late_.keep_ms);
}

Closing SessionWindows::closing_of(const Group& group, const Pane& session) const {
  Closing window;
  window.from = session.at;
  window.to = session.at + 1;
  window.start_ms = session.at;
  window.end_ms = end_of(session);
  window.rev = std::max(session.rev, first_rev(group, session.at));
  window.shown = session.shown;
  return window;
}

// The session is closed, and owes nothing, from then on.
Closing SessionWindows::give(Group& group, Pane& session) const {
  const Closing window = closing_of(group, session);
  const auto owed = owed_of(group, session.at);
  if (session.revised && owed != group.revisions.end()) group.revisions.erase(owed);
  session.closed = true;
  session.revised = false;
  session.rev = window.rev + 1;
  group.panes.change(session);
  return window;
}

std::optional<Closing> SessionWindows::closing(Group& group, int64_t at_ms) const {
  const size_t open = first_open(group);
  if (open > 0 && group.panes[0].revised && end_of(group.panes[0]) + late_.keep_ms <= at_ms)
    return give(group, group.panes[0]);
  if (open == group.panes.size() || end_of(group.panes[open]) > at_ms) return std::nullopt;
  const Closing window = give(group, group.panes[open]);
  group.closed_until_ms = std::max(group.closed_until_ms, window.end_ms);
  return window;
}

void SessionWindows::pass(Group& group, int64_t at_ms) const {
  group.forgotten_until_ms = std::max(group.forgotten_until_ms, at_ms - late_.keep_ms);
  const auto is_over = [&](const Pane& session) {
    return session.closed && !session.revised && end_of(session) + late_.keep_ms <= at_ms;
  };
  while (!group.panes.empty() && is_over(group.panes[0])) group.panes.remove_first();
}

std::optional<Closing> SessionWindows::take_revision(Group& group) const {
  if (group.revisions.empty()) return std::nullopt;
  return give(group, *group.panes.find(group.revisions.front().end_ms));
}

int64_t SessionWindows::holds_until(const Group& group) const {
  return group.panes.empty() ? kNever : end_of(group.panes.back());
}

std::optional<Closing> SessionWindows::open(const Group& group, int64_t from) const {
  const size_t index = std::max(first_open(group), group.panes.first_from(from));
  if (index == group.panes.size()) return std::nullopt;
  return closing_of(group, group.panes[index]);
}

void SessionWindows::note_shown(Group& group, const Closing& given, bool shown) const {
  if (Pane* session = group.panes.find(given.from)) session->shown = shown;
}

void SessionWindows::mend(Group& group) const {
  bool closed = false;
  group.revisions.clear();
  for (size_t i = group.panes.size(); i-- > 0;) {
    Pane& session = group.panes[i];
    session.closed = closed = closed || session.closed;
    session.revised = session.revised && session.closed;
    if (session.revised) group.revisions.insert(group.revisions.begin(), {session.at, 0, true, false});
  }
}

std::optional<Closing> SessionWindows::give_up(Group& group) const {
  for (size_t i = 0; i < group.panes.size(); ++i) {
    Pane& session = group.panes[i];
    if (session.closed) continue;
    Closing window = closing_of(group, session);
    window.complete = false;
    session.closed = true;
    group.panes.change(session);
    return window;
  }
  return std::nullopt;
}

}  // namespace headgate::routing
