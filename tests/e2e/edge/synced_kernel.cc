// A kernel that says that its clock is synchronised: preloaded into the hub by tests of what depends on the time.
#include <sys/timex.h>

#include <cstring>

extern "C" int adjtimex(timex* asked) noexcept {
  std::memset(asked, 0, sizeof(*asked));
  return TIME_OK;
}
