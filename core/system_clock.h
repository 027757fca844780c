// The system's clocks, for shells; logic takes core::Now as an argument.
#pragma once

#include "core/clock.h"

namespace headgate::core {

// Any thread.
class SystemClock : public Clock {
 public:
  [[nodiscard]] Now now() const override;
};

}  // namespace headgate::core
