// The daemon's answers about configurations without a process, for tests of the tool.
#pragma once

#include "tools/headgate/daemon.h"

namespace headgate::testing {

[[nodiscard]] core::Result<tools::DaemonAnswer> answer_in_process(const std::vector<std::string>& args);

}  // namespace headgate::testing
