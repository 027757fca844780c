// When a disk is too full for another message, from what is known of its free space. No I/O, no clock.
//
//   free:   0 ── vital ── ½ min ──────── min ─────── 1½ min ──────── 2 × min ── 2.5 × min ──▶
//              reserve    consumers'    publishers'  messages for    RocksDB does   and does
//              is given   messages      too          sessions alone  not compact    again
//              back       are refused                are refused     by itself
//
// What was refused is taken again once there is a quarter of that more.
// A reserve that is wanted and not there counts as room that is taken: what is free belongs to it first.
#pragma once

#include <cstdint>
#include <string>

#include "store/change.h"
#include "store/disk/reclaim_policy.h"
#include "store/disk/volume.h"

namespace headgate::store {

struct SpaceLimits {
  uint64_t min_free_bytes = 0;  // 0: no message is refused for lack of disk
  uint64_t reserve_bytes = 0;   // 0: no reserve
};

// A compaction's work, in bytes.
struct ToCompact {
  uint64_t alive_bytes = 0;     // waits in queues
  uint64_t memtable_bytes = 0;  // goes into files, while its log is still there
};

class SpaceWatch {
 public:
  explicit SpaceWatch(const SpaceLimits& limits) : limits_(limits) {}

  // False: nothing is asked of the disk, and nothing is refused.
  [[nodiscard]] bool enabled() const { return limits_.min_free_bytes != 0 || limits_.reserve_bytes != 0; }

  // The disk was asked. `unwritten_bytes` were taken in and are not on it yet.
  void on_space(const DiskSpace& space, uint64_t unwritten_bytes);
  // Counts bytes that were taken in. They count twice until the disk is asked again: in the log, and in a
  // file later.
  void on_taken(uint64_t bytes);

  // True if so much was taken in that the disk should be asked, or if it seems to be too full.
  [[nodiscard]] bool look_due() const;

  [[nodiscard]] RoomFor stopped() const { return stopped_; }  // this use and those before it are refused
  [[nodiscard]] bool low() const { return stopped_ >= RoomFor::publishers; }
  [[nodiscard]] bool tight() const { return tight_; }  // a compaction may not find the room it needs

  // Room that a compaction takes before it frees more: for the memtables, which are flushed first, and for what is
  // alive.
  [[nodiscard]] uint64_t compacting_bytes(const ToCompact& what) const;
  // Whether that may begin. If the disk is low the reserve is there for it, else it must not make the disk
  // low.
  [[nodiscard]] RoomToCompact room_to_compact(const ToCompact& what) const;
  // Room that RocksDB's own compactions may take without making the disk low.
  [[nodiscard]] uint64_t spare_bytes() const;
  // Sets aside the room of a compaction that has begun, so that messages do not take it; 0: it has ended.
  void on_compacting(uint64_t bytes);

  [[nodiscard]] bool gives_reserve_back() const;
  [[nodiscard]] bool sets_reserve_aside() const;

  // In force: on a small file system an eighth and a sixteenth of it at most.
  [[nodiscard]] uint64_t min_free_bytes() const;
  [[nodiscard]] uint64_t reserve_bytes() const;
  [[nodiscard]] uint64_t free() const;  // now, by estimate
  // Takes messages for a use that has stopped again once so much is free, as long as nothing else is set aside.
  [[nodiscard]] uint64_t resume_free_bytes(RoomFor use) const {
    return resume_bytes(use) + missing_bytes() + compacting_bytes_;
  }
  [[nodiscard]] const DiskSpace& space() const { return space_; }

  // For a publisher whose message is refused; its beginning is always the same.
  [[nodiscard]] std::string refusal(RoomFor use) const;

 private:
  [[nodiscard]] uint64_t usable() const;
  [[nodiscard]] uint64_t stop_bytes(RoomFor use) const;
  [[nodiscard]] uint64_t resume_bytes(RoomFor use) const { return stop_bytes(use) + stop_bytes(use) / 4; }
  [[nodiscard]] uint64_t missing_bytes() const;
  void judge();

  SpaceLimits limits_;
  DiskSpace space_;
  bool known_ = false;
  uint64_t taken_bytes_ = 0;  // since the disk was asked
  uint64_t compacting_bytes_ = 0;
  RoomFor stopped_ = RoomFor::none;
  bool tight_ = false;
};

}  // namespace headgate::store
