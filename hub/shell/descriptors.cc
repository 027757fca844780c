#include "hub/shell/descriptors.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace headgate::hub {
namespace {

constexpr rlim_t kTableMax = 1u << 20;  // 8 MiB of the kernel's memory

// For the store's logs and lists, and files that are being written; the log; the link; listeners; 32 clients each of the
// admin socket and of HTTP; with room.
constexpr size_t kOwn = 128;

// Part of the limit for files of the backlog: others are opened when they are read. RocksDB wants a few at least.
constexpr size_t kTablesPart = 4;
constexpr size_t kTablesMin = 20;

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

size_t raise_descriptor_limit(size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  rlimit raised = limit;
  raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

DescriptorShares share_descriptors(size_t limit, const DescriptorShares& wanted) {
  DescriptorShares shares;
  shares.tables_open_max = std::min(wanted.tables_open_max, std::max(kTablesMin, limit / kTablesPart));
  const size_t own = kOwn + shares.tables_open_max;
  shares.connections_max = std::min(wanted.connections_max, limit > own ? limit - own : 1);
  return shares;
}

size_t descriptors_for(const DescriptorShares& wanted) {
  return kOwn + wanted.tables_open_max + wanted.connections_max;
}

}  // namespace headgate::hub
