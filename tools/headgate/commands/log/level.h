// `headgate log level`.
#pragma once

#include <string>
#include <vector>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// Shows the levels of the log, after it has set those of `settings`: PART=LEVEL, or LEVEL for every part; the level
// "default" is the configuration's. What is set holds until the next reload.
int run_log_level(const Context& context, const std::vector<std::string>& settings);

}  // namespace headgate::tools
