// Goes on after a failed write or sync: the database is closed and opened again, from what is on the disk, as
// often as it takes (docs/adr/0018). Nothing here waits for the disk but on the writer's thread.
//
// The loop's side goes on meanwhile. Of Changes that were not durable, what is `undo` is lost, and its makers
// are told by on_failed(); what is `redo` is done again afterwards, as are queues that were opened or removed.
// Only the group that the writer had may be on the disk nevertheless. That is found out once the database is
// open again, and then nothing of it is done twice.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "core/clock.h"
#include "core/result.h"
#include "store/accounts/queue_table.h"
#include "store/queue_store.h"
#include "store/report/stats.h"
#include "store/rocks/books/books.h"
#include "store/rocks/books/changes.h"
#include "store/rocks/books/intake.h"
#include "store/rocks/open.h"
#include "store/rocks/upkeep/disk_room.h"
#include "store/rocks/upkeep/sweeper.h"
#include "store/rocks/work/announcer.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Recovery {
 public:
  // The parts that it works with; borrowed.
  struct Parts {
    Running& store;
    Committer& committer;
    Books& books;
    Intake& intake;
    Changes& changes;
    Sweeper& sweeper;
    DiskRoom& disk;
    Announcer& announcer;
  };
  // Has every part go on with the database that was opened, whose queues are in the table.
  using Restart = std::function<void(const Opened& opened)>;

  Recovery(const Parts& parts, Restart restart) : parts_(parts), restart_(std::move(restart)) {}

  // Gives up what is not written and opens the database again. Nothing happens unless it is open. The owner may
  // have destroyed the store when this returns.
  void fail(const core::Error& error);

  // Tries once more if it is time to.
  void tick(core::Now now);

  // Bytes that were written by the databases that were closed again.
  [[nodiscard]] const WriteStats& written_before() const { return written_before_; }

 private:
  void reopen();
  void count_written();
  void on_opened(core::Result<Opened> opened);
  void adopt(Opened opened);
  void adopt_queues(const QueueTable& before);

  Parts parts_;
  Restart restart_;
  int64_t ticked_at_ms_ = 0;  // monotonic
  WriteStats written_before_;
};

}  // namespace headgate::store
