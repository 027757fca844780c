// A kernel that says that its clock is synchronised, or not if KERNEL_CLOCK is "unsynced": preloaded into the hub by tests of what depends
// on the time.
#include <sys/timex.h>

#include <cstdlib>
#include <cstring>

extern "C" int adjtimex(timex* asked) noexcept {
  std::memset(asked, 0, sizeof(*asked));
  const char* const said = std::getenv("KERNEL_CLOCK");
  if (said == nullptr || std::strcmp(said, "unsynced") != 0) return TIME_OK;
  asked->status = STA_UNSYNC;
  return TIME_ERROR;
}
