// A lane as the loop knows it: which of its seqs are finished. Constant size but for the holes that finishing
// out of order leaves, whatever the depth of the lane.
//
// Seqs count for the whole hub, so a lane has some of them. One with the seqs 5, 9, 12 and 20 is tiled by
//
//   (0, 5]  (5, 9]  (9, 12]  (12, 20]
//
// Finishing an entry finishes its tile. Nobody needs to know which seqs lie in between, and tiles that touch
// make one range:
//
//   begins        checkpoint 0    above {}            5 waits first
//   finish 9      checkpoint 0    above {(5, 9]}      a hole: 9 is finished, 5 before it is not
//   finish 12     checkpoint 0    above {(5, 12]}     the two tiles touch
//   finish 5      checkpoint 12   above {}            (0, 5] reaches the range: both are passed
//   finish 20     checkpoint 20   above {}            checkpoint = last: the lane is empty
#pragma once

#include <cstdint>
#include <memory>

#include "store/accounts/expiry_map.h"
#include "store/accounts/seq_ranges.h"
#include "store/format/index_row.h"
#include "store/queue_store.h"

namespace headgate::store {

// The first waiting entry of a lane, found lazily and kept until the checkpoint moves.
struct Oldest {
  Seq seq = 0;             // 0: not looked up yet
  int64_t arrived_ms = 0;  // hub time
  int64_t expires_ms = 0;
};

// The finished part of a lane. An entry `seq` whose lane neighbour before it is `previous` tiles (previous,
// seq]; so the checkpoint advances over finished tiles without anybody reading the entries between.
class LaneProgress {
 public:
  [[nodiscard]] Seq checkpoint() const {
    return checkpoint_;
  }                                                 // everything up to and including it is finished
  [[nodiscard]] Seq last() const { return last_; }  // the newest seq the lane was given

  // Gives the lane an entry; returns the one before it. Requires seq > last().
  Seq add(Seq seq);

  // Finishes the tile (previous, seq].
  void finish(Seq previous, Seq seq);
  void finish_all();

  [[nodiscard]] bool finished(Seq seq) const { return seq <= checkpoint_ || above_.contains(seq); }
  // True if every entry in (from, to] is finished.
  [[nodiscard]] bool passed(Seq from, Seq to) const;
  // The largest position ≥ `after` with nothing unfinished in between.
  [[nodiscard]] Seq skip_finished(Seq after) const;

  [[nodiscard]] const SeqRanges& above() const { return above_; }

  // Forgets that (from, to] is finished, if the lane has exactly this range: its rows do not hold it any more
  // (Fold).
  void forget(Seq from, Seq to) { above_.erase(from, to); }

  // Sets up what was read from disk.
  static LaneProgress restore(Seq checkpoint, Seq last, SeqRanges above);

 private:
  void absorb();

  Seq checkpoint_ = 0;
  Seq last_ = 0;
  SeqRanges above_;  // finished beyond the checkpoint
};

// A lane as the store keeps it.
struct Lane {
  LaneProgress progress;

  // Rows with a last seq in (sweep_from, sweep_to] were purged and are still to be deleted from disk.
  Seq sweep_from = 0;
  Seq sweep_to = 0;
  [[nodiscard]] bool sweeping() const { return sweep_to != 0; }

  ExpiryMap expiries;                          // of what is written; stored as its due_ms()
  int64_t pending_due_ms = ExpiryMap::kNever;  // nothing on its way to the disk expires before that

  // Not stored:
  Seq durable_last = 0;                  // the newest entry that is written
  Oldest first_pending;                  // the oldest entry newer than durable_last
  Oldest oldest;                         // see Oldest
  std::weak_ptr<const IndexRow> recent;  // the row last looked at, if the cache still has it
  Seq read_row = 0;                      // the last of the row that was read from last
  Seq ahead_from = 0;                    // what was read ahead begins after it,
  Seq ahead_to = 0;                      // reaches so far,
  Seq ahead_again = 0;                   // and more is to be once this was read
  bool in_line = false;                  // waits to be looked through for what has expired
  bool folding = false;                  // its holes are being folded, or cannot be
};

// The first entry of a row, from `position` on, that has not ended; blank if all have.
[[nodiscard]] Oldest first_waiting(const IndexRow& row, size_t position, const Lane& lane);

}  // namespace headgate::store
