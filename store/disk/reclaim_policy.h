// When dead rows are worth the work of giving their space back.
#pragma once

#include <cstdint>

namespace headgate::store {

enum class Reclaim {
  nothing,
  files,        // drop files that hold nothing alive: cheap
  below_floor,  // also compact those that reach below the floor, if what that writes has room: little is alive
                // there
  everything,   // also flush and compact: rewrites what is alive
};

// Whether the disk has the room that compacting takes up before it gives back more.
enum class RoomToCompact { ample, enough, none };

// The work stays in proportion to what died: `everything` comes after 64 MiB, or as much as is alive if that
// is more, and soon once hardly anything is left; `files` after every 16 MiB, and once more ten seconds after
// the last. On a disk with just enough room for that, `files` comes after 2 MiB, and `everything` after those
// and after a quarter of what is alive; without room there is only `below_floor`, after 2 MiB and then after
// ever longer pauses.
class ReclaimPolicy {
 public:
  static constexpr uint64_t kFilesBytes = 16u << 20;
  static constexpr uint64_t kEverythingBytes = 64u << 20;
  static constexpr uint64_t kDrainedBytes = 1u << 20;
  static constexpr int64_t kDrainedEveryMs = 10'000;

  void died(uint64_t bytes) { dead_ += bytes; }

  // Decides what is due now, with so much alive. The answer is taken as done.
  [[nodiscard]] Reclaim due(int64_t mono_ms, uint64_t alive_bytes, RoomToCompact room = RoomToCompact::ample);

  // Takes back the last answer of due(): it was not done.
  void undone();

 private:
  [[nodiscard]] Reclaim what_is_due(bool enough_died, int64_t mono_ms, uint64_t alive_bytes,
                                    RoomToCompact room) const;
  [[nodiscard]] bool everything_due(int64_t mono_ms, uint64_t alive_bytes, RoomToCompact room) const;

  uint64_t dead_ = 0;                       // since files were dropped
  uint64_t not_compacted_ = kDrainedBytes;  // before that; a store may have been closed just after a drain
  uint64_t taken_ = 0;                      // what the last answer took as done
  bool ever_compacted_ = false;             // else nobody knows how much is dead
  int64_t compacted_at_ms_ = 0;
  int64_t reclaimed_at_ms_ = 0;
  int64_t wait_ms_ = kDrainedEveryMs;
  Reclaim last_ = Reclaim::nothing;
  bool looks_again_ = false;  // a file may have been read when it was dropped, and still be there
};

}  // namespace headgate::store
