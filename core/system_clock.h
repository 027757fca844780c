// The system's clocks, for shells; logic takes core::Now as an argument.
#pragma once

#include <string>

#include "core/clock.h"

namespace headgate::core {

// Hub time is Unix time here: for whoever has no store to remember it in. Any thread.
class SystemClock : public Clock {
 public:
  [[nodiscard]] Now now() const override;
  [[nodiscard]] int64_t mono_us() const override;
};

// CLOCK_BOOTTIME: the time since the machine started, sleep included. Any thread.
[[nodiscard]] int64_t boot_clock_ms();
// Names the boot: another after each; kUnknownBoot if the system does not say.
[[nodiscard]] std::string boot_id();

}  // namespace headgate::core
