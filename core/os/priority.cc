#include "core/os/priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace headgate::core {
namespace {

constexpr int kNiceBelowLoop = 10;
constexpr int kNicest = 19;
constexpr uint64_t kSliceNs = 100'000;  // the least there is

// Argument of sched_setattr(2), in its first form; glibc has no name for it.
struct SchedulerAttributes {
  uint32_t size = sizeof(SchedulerAttributes);
  uint32_t policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};

}  // namespace

// On Linux 0 means the calling thread. Relative, since the whole process may be nice already. A thread keeps its core to the end
// of a slice, however nice it is, while the loop has woken up and waits: 3 ms. Since Linux 6.12 it may ask for a shorter one.
void step_back() {
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + kNiceBelowLoop);
  SchedulerAttributes wanted;
  wanted.nice = ::getpriority(PRIO_PROCESS, 0);
  wanted.runtime_ns = kSliceNs;
  (void)::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

// SCHED_IDLE would do as well, but gets nothing on a busy machine, also while it holds a lock of the allocator.
void step_far_back() {
  SchedulerAttributes wanted;
  wanted.policy = SCHED_BATCH;
  wanted.nice = kNicest;
  if (::syscall(SYS_sched_setattr, 0, &wanted, 0) != 0) step_back();
}

}  // namespace headgate::core
