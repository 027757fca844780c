// Rows and blocks that nobody needs any more: finds them, deletes them with the open group, and has their
// space given back (docs/adr/0007, docs/adr/0024).
//
// A block is dead once every lane that it has messages for is done with them; the lane that is last deletes
// it. The *floor* is the oldest block that holds something that waits: what lies below it in files needs no
// deletion, as the files go as a whole.
#pragma once

#include <optional>

#include "core/clock.h"
#include "store/disk/reclaim_policy.h"
#include "store/format/group.h"
#include "store/format/index_row.h"
#include "store/queue_store.h"
#include "store/rocks/upkeep/disk_room.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Reclaimer {
 public:
  Reclaimer(Running& store, Committer& committer, DiskRoom& disk)
      : store_(store), committer_(committer), disk_(disk), recovered_(committer.last_seq()) {}

  // All of the row is finished: deletes it, and those of its blocks that nobody else wants.
  void drop_row(LaneId lane, const IndexRow& row);

  // Every block up to it is in a file, not in the memtable that is written to.
  [[nodiscard]] Seq in_files() const;

  // Before the group is written: leaves deletions out that its files make superfluous, and lets what is due
  // ride on it.
  void complete(Group& group);
  // The group is written: does what rode on it, on the housekeeper's thread.
  void begin(const Group& group);

  // Decides whether anything is worth doing, with so much waiting in queues.
  void tick(core::Now now, uint64_t waiting_bytes);

  // Another database is open, and everything in it is in files.
  void restart();

 private:
  void drop_shared_block(Seq id);
  bool is_done_with(LaneId lane, Seq from, Seq to);
  void leave_dead_blocks_to_files(Group& group);
  Seq floor();
  std::optional<Seq> first_block(LaneId lane);
  void on_reclaimed();

  Running& store_;
  Committer& committer_;
  DiskRoom& disk_;
  Seq recovered_;  // everything up to it was in files when the database was opened
  Seq floor_ = 0;  // as it was last looked for; it only grows
  ReclaimPolicy policy_;
  Reclaim due_ = Reclaim::nothing;  // rides on the next group
  bool busy_ = false;               // something is due, or being done
};

}  // namespace headgate::store
