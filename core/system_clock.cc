#include "core/system_clock.h"

#include <chrono>
#include <ctime>
#include <fstream>

#include "core/time/hub_time.h"

namespace headgate::core {
namespace {

int64_t in_ms(auto since) { return std::chrono::duration_cast<std::chrono::milliseconds>(since).count(); }

}  // namespace

Now SystemClock::now() const {
  return {in_ms(std::chrono::steady_clock::now().time_since_epoch()),
          in_ms(std::chrono::system_clock::now().time_since_epoch())};
}

int64_t SystemClock::mono_us() const {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

int64_t boot_clock_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  return file >> id ? id : std::string(kUnknownBoot);
}

}  // namespace headgate::core
