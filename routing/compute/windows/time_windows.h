// Tumbling and hopping windows: [start, end) with start = offset + n * hop. Panes are as long as the greatest length of
// which size and hop are multiples, so that a message touches one however many windows it is in.
#pragma once

#include <optional>
#include <vector>

#include "routing/compute/windows/group.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Says of a group where messages go and which results are due; keeps no state of its own.
class TimeWindows {
 public:
  TimeWindows(const Window& window, LateRule late, Sums none);

  [[nodiscard]] int64_t pane_ms() const { return pane_ms_; }

  [[nodiscard]] Placement place(Group& group, Moment moment);
  // Event time at which the group has something to do; nullopt: never.
  [[nodiscard]] std::optional<int64_t> next(const Group& group) const;
  // The result that is due at event time `at_ms`, if there is one; call pass() after it.
  [[nodiscard]] std::optional<Closing> closing(Group& group, int64_t at_ms) const;
  // Does away with what is not needed beyond `at_ms`. False: a result is owed before; call closing() again.
  void pass(Group& group, int64_t at_ms) const;
  // A revised window whose result is owed, and no longer is then.
  [[nodiscard]] std::optional<Closing> take_revision(Group& group) const;
  // Messages of the group may be in windows that begin before it.
  [[nodiscard]] int64_t holds_until(const Group& group) const;
  // The first result that panes from `from` on can give before its time.
  [[nodiscard]] std::optional<Closing> open(const Group& group, int64_t from) const;
  // The window that closes first, of those that are open and have messages.
  [[nodiscard]] std::optional<Closing> first_open(const Group& group) const;
  // HAVING held for the result that was just taken, or it did not.
  void note_shown(Group& group, const Closing& given, bool shown) const;
  // The next of them, which it takes out of the group.
  [[nodiscard]] std::optional<Closing> give_up(Group& group) const;

 private:
  [[nodiscard]] int64_t pane_of(int64_t time_ms) const;
  [[nodiscard]] int64_t pane_start(int64_t pane) const { return offset_ms_ + pane * pane_ms_; }
  // Ends of the first and the last of the windows that hold `time_ms`; the last is no later than that if none does.
  [[nodiscard]] int64_t first_end(int64_t time_ms) const;
  [[nodiscard]] int64_t last_end(int64_t time_ms) const;
  [[nodiscard]] std::optional<int64_t> next_end(const Group& group) const;
  [[nodiscard]] Closing window_until(int64_t end_ms) const;
  [[nodiscard]] Closing first_result(const Group& group, int64_t end_ms) const;
  [[nodiscard]] Revision unknown_until_now(const Group& group, int64_t end_ms) const;
  void revise(Group& group, int64_t first_end_ms, int64_t last_end_ms) const;
  [[nodiscard]] bool holds_panes(const Group& group, int64_t end_ms) const;

  int64_t size_ms_;
  int64_t hop_ms_;
  int64_t offset_ms_;
  int64_t pane_ms_;
  LateRule late_;
  Sums none_;
};

}  // namespace headgate::routing
