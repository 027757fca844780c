// A group of a windowed route: its panes and how far its windows have come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "routing/compute/computation.h"
#include "routing/compute/kept_table.h"
#include "routing/compute/windows/clocks.h"
#include "routing/compute/windows/hop_marks.h"
#include "routing/compute/windows/panes.h"

namespace headgate::routing {

// A closed window that late messages have changed or that HAVING has refused, known for as long as it can be revised.
// A session stands there by its start, and only while a result is owed.
struct Revision {
  int64_t end_ms = 0;
  uint32_t rev = 0;    // of the next result
  bool owed = false;   // a result has to follow
  bool shown = false;  // HAVING held for the last one

  friend bool operator==(const Revision&, const Revision&) = default;
};

// Memory of one, in a vector that doubles when it is full.
inline constexpr size_t kRevisionBytes = sizeof(Revision) * 3 / 2;

// No time and no place is further from 0: what says so in stored state was not written here, and could overflow.
inline constexpr int64_t kFarthest = int64_t{1} << 56;

struct Group : Kept<Group> {
  Panes panes;
  int64_t closed_until_ms = kNever;     // windows that end by then have given their result
  int64_t forgotten_until_ms = kNever;  // of what was given until then nothing is kept
  uint64_t messages = 0;                // of a count window: how many came
  std::vector<Revision> revisions;      // by end
  std::optional<int64_t> revise_ms;     // when the results that are owed follow, in hub time
  int64_t lacks_until_ms =
      kNever;             // a group of this key may have been evicted: windows from before lack messages
  uint32_t rev_base = 0;  // the first revision of such a window: theirs were lower
  uint32_t revs = 0;      // no result had this revision or a higher one
  std::vector<uint64_t> clocks;  // keys of TIMESTAMP BY … OVER that feed it; none: the hub's
  Waiting waiting{kForever, 0};  // its next event time, at the clock that it waits for
  HopMarks hops;
  std::optional<int64_t> leaves_from;  // evicted: panes from there on have to give what they have
  size_t bytes = 0;                    // memory, as it was last reckoned
};

// The first revision of a window that begins at `start_ms`.
[[nodiscard]] inline uint32_t first_rev(const Group& group, int64_t start_ms) {
  return start_ms < group.lacks_until_ms ? group.rev_base : 0;
}

// A result that is due: the panes [from, to) of a group, as a window.
struct Closing {
  int64_t from = 0;
  int64_t to = 0;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  uint32_t rev = 0;
  bool complete = true;
  bool shown = false;  // the revision before was given
  uint8_t hops = 0;
};

// Terms of late messages. `keep_ms` is 0 unless the policy is to revise.
struct LateRule {
  LatePolicy policy = LatePolicy::revise;
  int64_t keep_ms = 0;
};

// When a message counts.
struct Moment {
  int64_t time_ms = 0;     // event time
  int64_t reached_ms = 0;  // how far the clocks of its group have come without it
};

// Where a message goes.
struct Placement {
  Pane* pane = nullptr;  // nullptr: nowhere
  int64_t time_ms = 0;   // its event time, as it counts
  bool late = false;
  bool too_late = false;  // and so goes nowhere
};

}  // namespace headgate::routing
