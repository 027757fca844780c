// `headgate module`: the modules of the gateway as a fleet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// Clients that are modules: whether each is connected, since when, when it was last heard, its messages and connects.
int run_module_ls(const Context& context);

struct ModuleLogOptions {
  std::string module = {};
  bool follow = false;
  uint32_t lines = 0;                  // the last so many; 0: all
  std::vector<std::string> dirs = {};  // where files of `deploy render` are looked for, in this order
};

// The command of the engine that has the module's log, with its arguments, by what `headgate deploy render` has written. Error (not_found):
// nothing of it is there.
[[nodiscard]] core::Result<std::vector<std::string>> log_command(const ModuleLogOptions& options);

// Runs that command in the place of this process; returns only if it cannot.
int run_module_logs(const ModuleLogOptions& options, std::ostream& err);

}  // namespace headgate::tools
