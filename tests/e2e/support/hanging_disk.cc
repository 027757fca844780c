// A disk that hangs or fails: preloaded into the hub, its syncs do not return while the file $HEADGATE_DISK_HANGS is there, and
// fail while $HEADGATE_DISK_FAILS is.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

constexpr useconds_t kLookEveryUs = 20'000;

bool is_there(const char* variable) {
  const char* const file = std::getenv(variable);
  return file != nullptr && ::access(file, F_OK) == 0;
}

// True if the disk does what it should.
bool wait_for_the_disk() {
  while (is_there("HEADGATE_DISK_HANGS")) ::usleep(kLookEveryUs);
  if (!is_there("HEADGATE_DISK_FAILS")) return true;
  errno = EIO;
  return false;
}

}  // namespace

extern "C" int fsync(int file) {
  return wait_for_the_disk() ? static_cast<int>(::syscall(SYS_fsync, file)) : -1;
}

extern "C" int fdatasync(int file) {
  return wait_for_the_disk() ? static_cast<int>(::syscall(SYS_fdatasync, file)) : -1;
}
