#include <exception>
#include <iostream>

#include "tools/headgate/command_line.h"
#include "tools/headgate/commands/commands.h"

int main(int argc, char** argv) {
  try {
    return headgate::tools::run_headgate({argv + 1, argv + argc}, std::cout, std::cerr,
                                         headgate::tools::own_terminal());
  } catch (const std::exception& error) {
    std::cerr << "headgate: " << error.what() << '\n';
    return headgate::tools::kExitFailed;
  }
}
