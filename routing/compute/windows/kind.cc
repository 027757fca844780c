#include "routing/compute/windows/kind.h"

#include <type_traits>

namespace headgate::routing {

LateRule late_rule(const ComputePlan& plan) {
  const bool revises = !plan.query.timestamp.empty() && plan.limits.late == LatePolicy::revise;
  return {plan.limits.late, revises ? std::max<int64_t>(plan.limits.keep_ms, 0) : 0};
}

WindowKind::WindowKind(const ComputePlan& plan) : kind_(make(plan)) {}

WindowKind::Kinds WindowKind::make(const ComputePlan& plan) {
  const Window& window = plan.query.window;
  switch (window.kind) {
    case Window::Kind::session:
      return SessionWindows(window, late_rule(plan), empty_sums(plan.query));
    case Window::Kind::sliding:
      return SlidingWindows(window, late_rule(plan), empty_sums(plan.query));
    case Window::Kind::count:
      return CountWindows(window, empty_sums(plan.query));
    default:
      return TimeWindows(window, late_rule(plan), empty_sums(plan.query));
  }
}

int64_t WindowKind::farthest_place() const {
  const auto* time = std::get_if<TimeWindows>(&kind_);
  return time ? kFarthest / time->pane_ms() : kFarthest;
}

Placement WindowKind::place(Group& group, Moment moment) {
  return std::visit([&](auto& kind) { return kind.place(group, moment); }, kind_);
}

std::optional<Closing> WindowKind::completed(Group& group, int64_t time_ms) const {
  if (const auto* sliding = std::get_if<SlidingWindows>(&kind_)) return sliding->completed(group, time_ms);
  const auto* count = std::get_if<CountWindows>(&kind_);
  return count ? count->completed(group) : std::nullopt;
}

std::optional<Closing> WindowKind::first_open(const Group& group) const {
  constexpr size_t kPanesLookedAt = 64;
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->first_open(group);
  if (const auto* session = std::get_if<SessionWindows>(&kind_)) return session->open(group, kNever);
  const auto* count = std::get_if<CountWindows>(&kind_);
  return count && group.panes.size() <= kPanesLookedAt ? count->open(group, kNever) : std::nullopt;
}

std::optional<uint64_t> WindowKind::open_messages(const Group& group) const {
  const auto* count = std::get_if<CountWindows>(&kind_);
  return count ? count->open_messages(group) : std::nullopt;
}

std::optional<int64_t> WindowKind::next(const Group& group) const {
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->next(group);
  if (const auto* session = std::get_if<SessionWindows>(&kind_)) return session->next(group);
  const auto* sliding = std::get_if<SlidingWindows>(&kind_);
  return sliding ? sliding->next(group) : std::nullopt;
}

std::optional<Closing> WindowKind::closing(Group& group, int64_t at_ms) const {
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->closing(group, at_ms);
  const auto* session = std::get_if<SessionWindows>(&kind_);
  return session ? session->closing(group, at_ms) : std::nullopt;
}

void WindowKind::pass(Group& group, int64_t at_ms) const {
  std::visit([&](const auto& kind) { kind.pass(group, at_ms); }, kind_);
}

std::optional<Closing> WindowKind::take_revision(Group& group) const {
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->take_revision(group);
  const auto* session = std::get_if<SessionWindows>(&kind_);
  return session ? session->take_revision(group) : std::nullopt;
}

int64_t WindowKind::holds_until(const Group& group) const {
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->holds_until(group);
  if (const auto* session = std::get_if<SessionWindows>(&kind_)) return session->holds_until(group);
  if (const auto* count = std::get_if<CountWindows>(&kind_)) return count->holds_until(group);
  return group.panes.empty() ? kNever : group.panes.back().at;
}

// A sliding window has given its result with its message.
std::optional<Closing> WindowKind::give_up(Group& group) const {
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->give_up(group);
  if (const auto* session = std::get_if<SessionWindows>(&kind_)) return session->give_up(group);
  const auto* count = std::get_if<CountWindows>(&kind_);
  return count ? count->give_up(group) : std::nullopt;
}

// Windows of the other kinds remember by themselves.
void WindowKind::gave_up(Group& group, const Closing& given) const {
  if (const auto* count = std::get_if<CountWindows>(&kind_)) count->gave_up(group, given);
}

std::optional<Closing> WindowKind::open(const Group& group, int64_t from) const {
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->open(group, from);
  if (const auto* session = std::get_if<SessionWindows>(&kind_)) return session->open(group, from);
  const auto* count = std::get_if<CountWindows>(&kind_);
  return count ? count->open(group, from) : std::nullopt;
}

void WindowKind::note_shown(Group& group, const Closing& given, bool shown) const {
  if (const auto* time = std::get_if<TimeWindows>(&kind_)) return time->note_shown(group, given, shown);
  if (const auto* session = std::get_if<SessionWindows>(&kind_))
    return session->note_shown(group, given, shown);
  if (const auto* sliding = std::get_if<SlidingWindows>(&kind_)) sliding->note_shown(group, given, shown);
}

void WindowKind::mend(Group& group) const {
  if (const auto* session = std::get_if<SessionWindows>(&kind_)) session->mend(group);
}

}  // namespace headgate::routing
