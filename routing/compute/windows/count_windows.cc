#include "routing/compute/windows/count_windows.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace headgate::routing {

CountWindows::CountWindows(const Window& window, Sums none)
    : size_(std::max<uint32_t>(window.messages, 1)),
      hop_(window.hop_messages > 0 ? window.hop_messages : size_),
      pane_(std::gcd(size_, hop_)),
      none_(std::move(none)) {}

Placement CountWindows::place(Group& group, Moment moment) {
  Placement placed{nullptr, moment.time_ms, false, false};
  const uint64_t number = group.messages++;
  if (number % hop_ >= size_ && hop_ > size_) return placed;  // between two windows
  Pane& pane = group.panes.find_or_add(static_cast<int64_t>(number / pane_), none_);
  const bool first = number % pane_ == 0;
  pane.first_ms = first ? moment.time_ms : std::min(pane.first_ms, moment.time_ms);
  pane.last_ms = first ? moment.time_ms : std::max(pane.last_ms, moment.time_ms);
  placed.pane = &pane;
  return placed;
}

Closing CountWindows::window(const Group& group, uint64_t from, uint64_t to) const {
  Closing closing;
  closing.from = static_cast<int64_t>(from / pane_);
  closing.to = static_cast<int64_t>((to + pane_ - 1) / pane_);
  const size_t first = group.panes.first_from(closing.from);
  for (size_t i = first; i < group.panes.size(); ++i) {
    const Pane& pane = group.panes[i];
    closing.start_ms = i == first ? pane.first_ms : std::min(closing.start_ms, pane.first_ms);
    closing.end_ms = i == first ? pane.last_ms : std::max(closing.end_ms, pane.last_ms);
  }
  closing.rev =
      std::max(first_rev(group, closing.start_ms), closing.start_ms < group.closed_until_ms ? group.revs : 0);
  return closing;
}

std::optional<Closing> CountWindows::completed(Group& group) const {
  if (group.messages < size_ || (group.messages - size_) % hop_ != 0) return std::nullopt;
  const Closing closing = window(group, group.messages - size_, group.messages);
  group.closed_until_ms = std::max(group.closed_until_ms, closing.start_ms + 1);
  return closing;
}

uint64_t CountWindows::open_from(const Group& group) const {
  return group.messages < size_ ? 0 : ((group.messages - size_) / hop_ + 1) * hop_;
}

std::optional<uint64_t> CountWindows::open_messages(const Group& group) const {
  const uint64_t first = open_from(group);
  return first < group.messages ? std::optional(group.messages - first) : std::nullopt;
}

void CountWindows::pass(Group& group, int64_t) const {
  const auto from = static_cast<int64_t>(open_from(group) / pane_);
  while (!group.panes.empty() && group.panes[0].at < from) group.panes.remove_first();
}

// No window that was given or that is open begins there or later.
int64_t CountWindows::holds_until(const Group& group) const {
  int64_t until = group.closed_until_ms;
  for (size_t i = 0; i < group.panes.size(); ++i) until = std::max(until, group.panes[i].last_ms + 1);
  return until;
}

std::optional<Closing> CountWindows::open(const Group& group, int64_t from) const {
  const uint64_t first = open_from(group);
  if (group.panes.empty() || first >= group.messages || group.panes.back().at < from) return std::nullopt;
  return window(group, first, group.messages);
}

std::optional<Closing> CountWindows::give_up(Group& group) const {
  pass(group, 0);
  if (group.panes.empty()) return std::nullopt;
  const uint64_t from = static_cast<uint64_t>(group.panes[0].at) * pane_;
  if (from >= group.messages) return std::nullopt;
  Closing closing = window(group, from, group.messages);
  closing.complete = false;
  group.closed_until_ms = std::max(group.closed_until_ms, closing.start_ms + 1);
  return closing;
}

// Windows that overlap begin a hop apart: the first pane that is left is the beginning of the next.
void CountWindows::gave_up(Group& group, const Closing& given) const {
  const auto next = given.from + static_cast<int64_t>(hop_ / pane_);
  while (!group.panes.empty() && group.panes[0].at < next) group.panes.remove_first();
}

}  // namespace headgate::routing
