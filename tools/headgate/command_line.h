// The command line of `headgate`: which subcommand, with which options.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace headgate::tools {

// `args` without the program's name. Exit codes: 0 ok, 1 failed, 2 usage.
int run_headgate(std::vector<std::string> args, std::ostream& out, std::ostream& err);

}  // namespace headgate::tools
