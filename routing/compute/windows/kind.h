// Windows of whatever kind a query has.
#pragma once

#include <optional>
#include <variant>

#include "routing/compute/windows/count_windows.h"
#include "routing/compute/windows/group.h"
#include "routing/compute/windows/session_windows.h"
#include "routing/compute/windows/sliding_windows.h"
#include "routing/compute/windows/time_windows.h"

namespace headgate::routing {

// Functions are those of TimeWindows, CountWindows and SlidingWindows.
class WindowKind {
 public:
  explicit WindowKind(const ComputePlan& plan);

  // No pane that a message can have made is further from 0.
  [[nodiscard]] int64_t farthest_place() const;
  // Panes before a group's last are packed.
  [[nodiscard]] bool packs() const { return std::holds_alternative<TimeWindows>(kind_); }
  [[nodiscard]] Placement place(Group& group, Moment moment);
  // The result that a message which was just placed and added brings about.
  [[nodiscard]] std::optional<Closing> completed(Group& group, int64_t time_ms) const;
  [[nodiscard]] std::optional<int64_t> next(const Group& group) const;
  [[nodiscard]] std::optional<Closing> closing(Group& group, int64_t at_ms) const;
  void pass(Group& group, int64_t at_ms) const;
  [[nodiscard]] std::optional<Closing> take_revision(Group& group) const;
  [[nodiscard]] int64_t holds_until(const Group& group) const;
  [[nodiscard]] std::optional<Closing> open(const Group& group, int64_t from) const;
  // For people: the window that closes first, of those that are open and have messages. nullopt: there is none, none is
  // known (sliding windows), or it has so many panes that looking takes long.
  [[nodiscard]] std::optional<Closing> first_open(const Group& group) const;
  // Messages in it, of windows by count.
  [[nodiscard]] std::optional<uint64_t> open_messages(const Group& group) const;
  void note_shown(Group& group, const Closing& given, bool shown) const;
  void mend(Group& group) const;
  // The next of the windows that are open and were not given up, as it is: not complete. Call gave_up() with it once
  // its panes are merged.
  [[nodiscard]] std::optional<Closing> give_up(Group& group) const;
  void gave_up(Group& group, const Closing& given) const;

 private:
  using Kinds = std::variant<TimeWindows, SessionWindows, SlidingWindows, CountWindows>;
  [[nodiscard]] static Kinds make(const ComputePlan& plan);

  Kinds kind_;
};

// Late messages revise only where time comes from the messages.
[[nodiscard]] LateRule late_rule(const ComputePlan& plan);

}  // namespace headgate::routing
