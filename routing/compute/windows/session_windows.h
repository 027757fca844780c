// Sessions: messages of a group that follow each other by less than the gap. A session ends the gap after its last
// message, or when it has become as long as it may be. Each is one pane.
//
// Open sessions that a message joins become one, unless that would be too long. A session that has given its result
// keeps its start, which names it, and takes in late messages by revisions; it never joins another one. Sessions are in the
// order of their starts and of their ends, those that were given before those that are open.
#pragma once

#include <optional>
#include <vector>

#include "routing/compute/windows/group.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Functions are those of TimeWindows.
class SessionWindows {
 public:
  SessionWindows(const Window& window, LateRule late, Sums none);

  [[nodiscard]] Placement place(Group& group, Moment moment);
  [[nodiscard]] std::optional<int64_t> next(const Group& group) const;
  [[nodiscard]] std::optional<Closing> closing(Group& group, int64_t at_ms) const;
  void pass(Group& group, int64_t at_ms) const;
  [[nodiscard]] std::optional<Closing> take_revision(Group& group) const;
  [[nodiscard]] int64_t holds_until(const Group& group) const;
  [[nodiscard]] std::optional<Closing> open(const Group& group, int64_t from) const;
  void note_shown(Group& group, const Closing& given, bool shown) const;
  // Makes a group that was loaded one that these functions can have left.
  void mend(Group& group) const;
  // The next of them, which it takes out of the group.
  [[nodiscard]] std::optional<Closing> give_up(Group& group) const;

 private:
  [[nodiscard]] int64_t end_of(const Pane& session) const;
  // The session that a message at `time_ms` belongs to.
  [[nodiscard]] Pane* find(Group& group, int64_t time_ms, bool closed) const;
  [[nodiscard]] bool takes(const Pane& session, int64_t time_ms) const;
  [[nodiscard]] Pane* join(Group& group, Pane& session, int64_t time_ms) const;
  void join_next(Group& group, size_t index) const;
  [[nodiscard]] Pane* add(Group& group, int64_t time_ms, bool closed) const;
  [[nodiscard]] Pane* place_late(Group& group, Placement& placed, int64_t reached_ms) const;
  [[nodiscard]] Closing closing_of(const Group& group, const Pane& session) const;
  [[nodiscard]] Closing give(Group& group, Pane& session) const;

  int64_t gap_ms_;
  int64_t longest_ms_;
  LateRule late_;
  Sums none_;
};

}  // namespace headgate::routing
