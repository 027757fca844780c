// Rows of a trial as lines for people. Internal to tools/headgate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "routing/trial/trial.h"

namespace headgate::tools {

// "90s" since the beginning of a sample that counts from 0, else an ISO time.
[[nodiscard]] std::string trial_time_text(int64_t at_ms);
// At most 200 bytes, printable.
[[nodiscard]] std::string trial_body_text(const std::string& body);
// `route -> sink  topic  [window)  rev 1 not complete  body`, without a line end.
[[nodiscard]] std::string trial_row_text(const routing::TrialRow& row, std::string_view route);

}  // namespace headgate::tools
