// Sees to the disk's room (docs/adr/0021): asks for it, refuses messages while it is low, keeps a reserve and
// gives it back, and lets RocksDB compact only where the new files have room. SpaceWatch judges; this acts.
//
// The disk is asked, and the reserve given back, on the writer's thread, which never waits for compaction; the
// reserve is made on the housekeeper's.
#pragma once

#include <cstdint>
#include <span>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "store/disk/space_watch.h"
#include "store/queue_store.h"
#include "store/rocks/work/announcer.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class DiskRoom {
 public:
  // `compacts`: as the database was opened.
  DiskRoom(Running& store, Committer& committer, Announcer& announcer, SpaceWatch& watch, bool compacts)
      : store_(store), committer_(committer), announcer_(announcer), watch_(watch), compacts_(compacts) {}

  [[nodiscard]] DiskState state() const;

  // Error full: the disk is too full for a message that is stored for that.
  [[nodiscard]] core::Status check_room(RoomFor use);

  // Counts bytes that were taken in, to be written.
  void count_taken(uint64_t bytes);

  // Asks the disk, about once a second; less often while there is plenty of room and nothing comes, so that an idle hub
  // sleeps.
  void tick(core::Now now);

  // Takes the disk's answer. An error leaves things as they were.
  void on_space(const core::Result<DiskSpace>& space);

  // Whether a compaction may begin, with so much waiting in queues.
  [[nodiscard]] RoomToCompact room_to_compact(uint64_t waiting_bytes) const {
    return watch_.room_to_compact(to_compact(waiting_bytes));
  }
  // A compaction is to begin: what it takes up is neither for messages nor, if that is all there is, for the
  // reserve.
  void on_compacting(uint64_t waiting_bytes);
  // The compaction has ended.
  void on_compacted();
  // Bytes that giving space back below the floor may take up meanwhile.
  [[nodiscard]] uint64_t bytes_to_spare() const;

  // Another database is open, and compacts by itself or not.
  void restart(bool compacts);

 private:
  [[nodiscard]] bool has_plenty() const;
  void look(bool give_reserve_back = false);
  void report(uint64_t reserved_before);
  void follow();
  void let_compact(bool compacts);
  [[nodiscard]] ToCompact to_compact(uint64_t waiting_bytes) const;
  void set_reserve_aside();
  void on_reserve(const core::Status& made);

  Running& store_;
  Committer& committer_;
  Announcer& announcer_;
  SpaceWatch& watch_;
  bool looking_ = false;            // the disk is being asked
  bool give_reserve_back_ = false;  // before it is asked the next time
  bool setting_aside_ = false;      // the reserve is being made
  int64_t set_aside_after_ms_ = 0;  // monotonic: not before
  int64_t ticked_at_ms_ = 0;        // monotonic
  int64_t looked_at_ms_ = 0;        // monotonic
  bool taken_ = false;              // something, since then
  RoomFor stopped_reported_ = RoomFor::none;
  bool compacts_;         // the database does so by itself
  bool telling_ = false;  // it is being told otherwise
};

}  // namespace headgate::store
