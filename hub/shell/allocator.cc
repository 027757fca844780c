#include "hub/shell/allocator.h"

#include <malloc.h>

namespace headgate::hub {
namespace {

constexpr int kArenas = 2;
// Above what the store takes and frees for each group: its blocks, the batch and the memtable's parts of it.
constexpr int kThresholdBytes = 1024 * 1024;

}  // namespace

void bound_allocator() {
  ::mallopt(M_ARENA_MAX, kArenas);
  ::mallopt(M_TRIM_THRESHOLD, kThresholdBytes);
  ::mallopt(M_MMAP_THRESHOLD, kThresholdBytes);
}

bool IdleTrim::due(uint64_t work, core::Now now) {
  const bool quiet = work - work_ <= kQuietWork;
  work_ = work;
  if (!quiet) {
    quiet_since_ms_.reset();
    return false;
  }
  if (!quiet_since_ms_) quiet_since_ms_ = now.mono_ms;
  const bool worth_it = !trimmed_ms_ || work - trimmed_at_work_ >= kWorthWork;
  const bool too_soon = trimmed_ms_ && now.mono_ms - *trimmed_ms_ < kPeriodMs;
  if (!worth_it || too_soon || now.mono_ms - *quiet_since_ms_ < kQuietMs) return false;
  trimmed_at_work_ = work;
  trimmed_ms_ = now.mono_ms;
  return true;
}

void trim_heap() { ::malloc_trim(0); }

}  // namespace headgate::hub
