// The daemon as the tool's source for what only the hub's own code knows: what a configuration says, and what is wrong
// with it (ADR 74). A process of its own that binds and writes nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"

namespace headgate::tools {

// Exit and output of a program that has ended.
struct DaemonAnswer {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Runs `headgated` with these arguments to its end. Error: unavailable, if there is none.
using AskDaemon = std::function<core::Result<DaemonAnswer>(const std::vector<std::string>& args)>;

// Runs a program of the PATH to its end. Error: unavailable, if there is none.
[[nodiscard]] core::Result<DaemonAnswer> run_program(const std::string& program,
                                                     const std::vector<std::string>& args);

// $HEADGATED, else the one beside this program, else that of the PATH.
[[nodiscard]] core::Result<DaemonAnswer> ask_daemon(const std::vector<std::string>& args);

}  // namespace headgate::tools
