#include "tools/headgate/confirm.h"

#include <unistd.h>

#include <iostream>

namespace headgate::tools {

std::optional<std::string> ask_on_terminal(const std::string& question) {
  if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
  std::cerr << question << " [y/N] " << std::flush;
  std::string line;
  std::getline(std::cin, line);
  return line;
}

bool confirmed(const Context& context, const Consent& consent, const std::string& question) {
  if (consent.yes) return true;
  const auto line = consent.ask(question);
  if (!line)
    context.err << "headgate: nothing is done without a yes, and this is no terminal to ask on; say --yes\n";
  else if (*line == "y" || *line == "yes")
    return true;
  else
    context.err << "headgate: nothing is done\n";
  return false;
}

}  // namespace headgate::tools
