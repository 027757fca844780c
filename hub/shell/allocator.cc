#include "hub/shell/allocator.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace headgate::hub {
namespace {

constexpr int kArenas = 2;
// Above what the store takes and frees for each group: its blocks, the batch and the memtable's parts of it.
constexpr int kThresholdBytes = 1024 * 1024;

// Parts of a loaded file that are not written to are the file's own pages: nothing is lost with them. An error leaves them.
int unmap_code(dl_phdr_info* object, size_t, void*) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = (object->dlpi_addr + part.p_vaddr) / page * page;
    const uintptr_t end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

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

void trim_memory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(unmap_code, nullptr);
}

}  // namespace headgate::hub
