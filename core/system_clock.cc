#include "core/system_clock.h"

#include <chrono>

namespace headgate::core {

Now SystemClock::now() const {
  const auto in_ms = [](auto since) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  };
  return {in_ms(std::chrono::steady_clock::now().time_since_epoch()),
          in_ms(std::chrono::system_clock::now().time_since_epoch())};
}

}  // namespace headgate::core
