// The progress bar of a run.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::tools::bench {

struct Progress {
  const char* phase = "";  // "connecting", "running", "waiting"
  double done = 0;         // 0 to 1
  uint64_t connected = 0;
  uint64_t sent = 0;
  uint64_t received = 0;
  double seconds = 0;  // since the phase began
};

// A line of at most `columns` characters, without a line end.
[[nodiscard]] std::string progress_line(const Progress& progress, size_t columns);

}  // namespace headgate::tools::bench
