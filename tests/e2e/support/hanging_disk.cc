// A disk that hangs: preloaded into the hub, its syncs do not return while the file $HEADGATE_DISK_HANGS is there.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace {

constexpr useconds_t kLookEveryUs = 20'000;

void wait_for_the_disk() {
  const char* const hangs = std::getenv("HEADGATE_DISK_HANGS");
  while (hangs != nullptr && ::access(hangs, F_OK) == 0) ::usleep(kLookEveryUs);
}

}  // namespace

extern "C" int fsync(int file) {
  wait_for_the_disk();
  return static_cast<int>(::syscall(SYS_fsync, file));
}

extern "C" int fdatasync(int file) {
  wait_for_the_disk();
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
