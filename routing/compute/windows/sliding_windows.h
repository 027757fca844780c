// Sliding windows: a result for each message, over the messages of the time (t - size, t] that came by then. Each
// millisecond with messages is a pane. A further message of a millisecond revises its window.
#pragma once

#include <optional>
#include <vector>

#include "routing/compute/windows/group.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Functions are those of TimeWindows; results come with the messages, so none is ever due.
class SlidingWindows {
 public:
  // Panes of a group; beyond them the oldest goes, and results that miss it are not complete.
  static constexpr size_t kPanesMax = 4096;

  SlidingWindows(const Window& window, LateRule late, Sums none);

  [[nodiscard]] Placement place(Group& group, Moment moment);
  // The result of a message at `time_ms` that has just been added.
  [[nodiscard]] std::optional<Closing> completed(Group& group, int64_t time_ms) const;
  [[nodiscard]] std::optional<int64_t> next(const Group& group) const;
  void pass(Group& group, int64_t at_ms) const;
  void note_shown(Group& group, const Closing& given, bool shown) const;

 private:
  [[nodiscard]] Pane& add(Group& group, int64_t time_ms) const;
  static void remove_first(Group& group);

  int64_t size_ms_;
  LateRule late_;
  Sums none_;
};

}  // namespace headgate::routing
