#include "hub/observe/history.h"

#include <utility>

namespace headgate::hub {

void History::look(const Readings& counters, int64_t wall_ms) {
  for (const Reading& reading : counters) {
    for (const auto& [label, value] : reading.values) {
      const std::string path = with_label(reading.metric->status, label);
      if (std::exchange(known_[path], value) < value) grew_ms_[path] = wall_ms;
    }
  }
}

}  // namespace headgate::hub
