// SIGINT and SIGTERM as a question, for commands that run until they are told to stop.
#pragma once

#include <csignal>

namespace headgate::tools {

// Catches both for as long as it lives. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Whether one has come since construction.
  [[nodiscard]] static bool requested();

 private:
  struct sigaction old_interrupt_ {};
  struct sigaction old_terminate_ {};
};

}  // namespace headgate::tools
