#include "tools/interrupt.h"

namespace headgate::tools {
namespace {

volatile sig_atomic_t stop_requested = 0;
void request_stop(int) { stop_requested = 1; }

}  // namespace

Interrupt::Interrupt() {
  stop_requested = 0;
  struct sigaction action {};
  action.sa_handler = request_stop;
  ::sigaction(SIGINT, &action, &old_interrupt_);
  ::sigaction(SIGTERM, &action, &old_terminate_);
}

Interrupt::~Interrupt() {
  ::sigaction(SIGINT, &old_interrupt_, nullptr);
  ::sigaction(SIGTERM, &old_terminate_, nullptr);
}

bool Interrupt::requested() { return stop_requested != 0; }

}  // namespace headgate::tools
