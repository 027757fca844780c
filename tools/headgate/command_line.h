// The command line of `headgate`: which subcommand, with which options.
#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace headgate::tools {

// Place that output goes to, and the time that passes there.
struct Terminal {
  size_t width = 0;     // in characters; 0: it is none
  size_t height = 0;    // in lines
  bool colour = false;  // it shows it, and the user wants it (NO_COLOR)
  // Waits so long. False: it is enough.
  std::function<bool(int seconds)> wait = [](int) { return false; };
};

// The process' own standard output.
[[nodiscard]] Terminal own_terminal();

// `args` without the program's name. Exit codes: 0 ok, 1 failed, 2 usage.
int run_headgate(std::vector<std::string> args, std::ostream& out, std::ostream& err,
                 const Terminal& terminal = {});

}  // namespace headgate::tools
