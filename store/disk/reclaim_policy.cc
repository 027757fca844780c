#include "store/disk/reclaim_policy.h"

#include <algorithm>
#include <utility>

namespace headgate::store {
namespace {

constexpr uint64_t kScarceFilesBytes = 2u << 20;
constexpr uint64_t kScarceDeadPart = 4;
constexpr int64_t kWaitMsMax = 640'000;

}  // namespace

Reclaim ReclaimPolicy::due(int64_t mono_ms, uint64_t alive_bytes, RoomToCompact room) {
  const bool enough_died = dead_ >= (room == RoomToCompact::ample ? kFilesBytes : kScarceFilesBytes);
  const Reclaim what = what_is_due(enough_died, mono_ms, alive_bytes, room);
  if (what == Reclaim::nothing) return what;
  looks_again_ = enough_died || what == Reclaim::everything;
  wait_ms_ = looks_again_ ? kDrainedEveryMs : std::min(2 * wait_ms_, kWaitMsMax);
  last_ = what;
  reclaimed_at_ms_ = mono_ms;
  const uint64_t dead = not_compacted_ + std::exchange(dead_, 0);
  const bool everything = what == Reclaim::everything;
  taken_ = everything ? dead : 0;
  not_compacted_ = everything ? 0 : dead;
  if (!everything) return what;
  ever_compacted_ = true;
  compacted_at_ms_ = mono_ms;
  return what;
}

Reclaim ReclaimPolicy::what_is_due(bool enough_died, int64_t mono_ms, uint64_t alive_bytes,
                                   RoomToCompact room) const {
  // Where room is scarce, what needs none comes first, once: it may be the room that the other needs.
  const bool files_first = room != RoomToCompact::ample && enough_died && last_ != Reclaim::files;
  if (!files_first && everything_due(mono_ms, alive_bytes, room)) return Reclaim::everything;
  const bool rested = mono_ms - reclaimed_at_ms_ >= wait_ms_;
  if (room == RoomToCompact::none) {
    const bool again = rested && not_compacted_ + dead_ >= kScarceFilesBytes;
    return enough_died || again ? Reclaim::below_floor : Reclaim::nothing;
  }
  return enough_died || (rested && looks_again_) ? Reclaim::files : Reclaim::nothing;
}

void ReclaimPolicy::undone() { not_compacted_ += std::exchange(taken_, 0); }

bool ReclaimPolicy::everything_due(int64_t mono_ms, uint64_t alive_bytes, RoomToCompact room) const {
  if (room == RoomToCompact::none) return false;
  const uint64_t dead = not_compacted_ + dead_;
  const bool rested = mono_ms - compacted_at_ms_ >= kDrainedEveryMs;
  if (room != RoomToCompact::ample) {
    return rested && (!ever_compacted_ || dead >= std::max(kDrainedBytes, alive_bytes / kScarceDeadPart));
  }
  return dead >= std::max(kEverythingBytes, alive_bytes) ||
         (rested && dead >= std::max(kDrainedBytes, 4 * alive_bytes));
}

}  // namespace headgate::store
