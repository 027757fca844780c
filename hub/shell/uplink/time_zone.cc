#include "hub/shell/uplink/time_zone.h"

#include <cstdlib>
#include <ctime>

namespace headgate::hub {

// A name that begins with a colon is a file of the system's, so that no name can be taken for a rule.
void use_time_zone(const std::string& name) {
  ::setenv("TZ", (":" + name).c_str(), 1);
  ::tzset();
}

int64_t utc_offset_of_process(int64_t unix_s) {
  const time_t at = unix_s;
  tm local{};
  return ::localtime_r(&at, &local) == nullptr ? 0 : local.tm_gmtoff;
}

}  // namespace headgate::hub
