// Ends entries: takes them out of their lanes and the accounts, deletes rows of which nothing is left, and
// notes lanes that are full of holes.
#pragma once

#include <utility>
#include <vector>

#include "store/accounts/queue_state.h"
#include "store/format/group.h"
#include "store/queue_store.h"
#include "store/rocks/books/books.h"
#include "store/rocks/db/read_path.h"
#include "store/rocks/upkeep/reclaimer.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Finisher {
 public:
  Finisher(Running& store, Books& books, Committer& committer, Reclaimer& reclaimer)
      : store_(store), books_(books), committer_(committer), reclaimer_(reclaimer) {}

  // Ends a durable entry, and does it again should its group be lost. Nothing happens if it has ended before,
  // or cannot be read.
  void end(QueueState& queue, uint8_t lane, Seq seq, Outcome outcome);

  // Does what end() does, but whoever calls this sees to doing it again, and to its gap if it `makes_gap` not. False if
  // nothing happened.
  bool take_out(QueueState& queue, uint8_t lane, Seq seq, Outcome outcome, RowPlace& place,
                bool makes_gap = true);

  // Ends an entry that cannot be read as dead: it must not hold up those behind it.
  void end_unreadable(QueueState& queue, uint8_t lane, const Found::Bad& bad);

  // Ends the oldest entry of a lane as dropped, be it durable or pending. False if it cannot.
  bool drop_oldest(QueueState& queue, uint8_t lane);

  // Before the group is written: leaves out rows of which every entry was dropped again. Rows of which a part is
  // left are written whole.
  void leave_out_ended(Group& group);

  // The store is being closed, and nobody will settle the rows of this group, which is written: deletes those
  // that ended meanwhile.
  void drop_ended_rows(const Group& written);

  // Notes the lane for take_holed() if it has more holes than it should.
  void note_if_holed(LaneId id, Lane& lane);
  [[nodiscard]] std::vector<LaneId> take_holed() { return std::exchange(holed_, {}); }

  // Another database is open.
  void restart();

 private:
  void drop_pending(QueueState& queue, uint8_t lane, Seq seq);

  Running& store_;
  Books& books_;
  Committer& committer_;
  Reclaimer& reclaimer_;
  std::vector<LaneId> holed_;
  bool ended_pending_ = false;  // pending entries have ended since the open group was begun
};

}  // namespace headgate::store
