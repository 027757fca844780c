#include "store/reclaim_policy.h"

#include <algorithm>

namespace headgate::store {

Reclaim ReclaimPolicy::due(int64_t mono_ms, uint64_t alive_bytes) {
  const uint64_t dead = not_compacted_ + dead_;
  const bool rested = mono_ms - compacted_at_ms_ >= kDrainedEveryMs;
  const bool everything = dead >= std::max(kEverythingBytes, alive_bytes) ||
                          (rested && dead >= std::max(kDrainedBytes, 4 * alive_bytes));
  if (!everything && dead_ < kFilesBytes) return Reclaim::nothing;
  dead_ = 0;
  not_compacted_ = everything ? 0 : dead;
  if (everything) compacted_at_ms_ = mono_ms;
  return everything ? Reclaim::everything : Reclaim::files;
}

}  // namespace headgate::store
