#include "hub/shell/descriptors.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace headgate::hub {
namespace {

constexpr rlim_t kTableMax = 1u << 20;  // 8 MiB of the kernel's memory

}  // namespace

void reserve_descriptors(size_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto highest = static_cast<int>(std::min<rlim_t>({count, limit.rlim_cur, kTableMax})) - 1;
  const int any = ::eventfd(0, EFD_CLOEXEC);
  if (any < 0) return;
  // The table never shrinks, so that one descriptor at its end is enough, and may be closed at once.
  const int last = ::fcntl(any, F_DUPFD_CLOEXEC, highest);
  if (last >= 0) ::close(last);
  ::close(any);
}

}  // namespace headgate::hub
