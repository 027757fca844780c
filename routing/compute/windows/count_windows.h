// Count windows: so many messages of a group, a further window each so many. Panes are as many messages as the
// greatest number of which both are multiples. Messages count in the order in which they come, whatever their time;
// a window runs from the earliest of their times to the latest. Windows of one time differ in their revision: one that begins
// no later than one before it has a higher one than all of them.
#pragma once

#include <optional>

#include "routing/compute/windows/group.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Functions are those of TimeWindows; results come with the messages, so none is ever due.
class CountWindows {
 public:
  CountWindows(const Window& window, Sums none);

  [[nodiscard]] Placement place(Group& group, Moment moment);
  // The window that the message which has just been added fills.
  [[nodiscard]] std::optional<Closing> completed(Group& group) const;
  // Does away with panes of no further window.
  void pass(Group& group, int64_t at_ms) const;
  [[nodiscard]] int64_t holds_until(const Group& group) const;
  [[nodiscard]] std::optional<Closing> open(const Group& group, int64_t from) const;
  // Messages of the first window that is not full; nullopt: it has none.
  [[nodiscard]] std::optional<uint64_t> open_messages(const Group& group) const;
  // The next of them that was not given up; call gave_up() once its panes are merged.
  [[nodiscard]] std::optional<Closing> give_up(Group& group) const;
  void gave_up(Group& group, const Closing& given) const;

 private:
  // The first window that has not been filled: its first message.
  [[nodiscard]] uint64_t open_from(const Group& group) const;
  [[nodiscard]] Closing window(const Group& group, uint64_t from, uint64_t to) const;

  uint64_t size_;
  uint64_t hop_;
  uint64_t pane_;
  Sums none_;
};

}  // namespace headgate::routing
