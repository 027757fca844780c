#include "tools/bench/progress.h"

#include <algorithm>
#include <cmath>

namespace headgate::tools::bench {

std::string progress_line(const Progress& progress, size_t columns) {
  constexpr size_t kBar = 30;
  const double done = std::clamp(progress.done, 0.0, 1.0);
  const auto full = static_cast<size_t>(done * static_cast<double>(kBar));
  std::string line = "[" + std::string(full, '#') + std::string(kBar - full, '.') + "] " +
                     std::to_string(static_cast<int>(std::floor(done * 100))) + " % " + progress.phase;
  if (progress.sent + progress.received == 0) {
    line += ", " + std::to_string(progress.connected) + " connected";
  } else {
    const auto rate = [&](uint64_t count) {
      return progress.seconds > 0 ? std::llround(static_cast<double>(count) / progress.seconds) : 0;
    };
    line += ", " + std::to_string(progress.sent) + " sent (" + std::to_string(rate(progress.sent)) + "/s), " +
            std::to_string(progress.received) + " received (" + std::to_string(rate(progress.received)) +
            "/s)";
  }
  return line.substr(0, columns);
}

}  // namespace headgate::tools::bench
