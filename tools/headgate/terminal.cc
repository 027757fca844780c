#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "tools/headgate/command_line.h"
#include "tools/interrupt.h"

namespace headgate::tools {
namespace {

bool wait_unless_interrupted(int seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!Interrupt::requested() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return !Interrupt::requested();
}

}  // namespace

Terminal own_terminal() {
  Terminal terminal;
  terminal.wait = wait_unless_interrupted;
  if (::isatty(STDOUT_FILENO) == 0) return terminal;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    terminal.width = size.ws_col;
    terminal.height = size.ws_row;
  }
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const kind = std::getenv("TERM");
  terminal.colour =
      (no_colour == nullptr || *no_colour == '\0') && std::string_view(kind ? kind : "dumb") != "dumb";
  return terminal;
}

}  // namespace headgate::tools
