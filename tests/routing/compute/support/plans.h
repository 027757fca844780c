// Plans of computing routes from their text.
#pragma once

#include <memory>
#include <string_view>

#include "routing/compute/computation.h"

namespace headgate::routing {

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;

class Plan {
 public:
  // The text must compile.
  explicit Plan(std::string_view text);

  [[nodiscard]] ComputeLimits& limits() { return plan_.limits; }
  Plan& late(LatePolicy policy, int64_t tolerance_ms = 0, int64_t keep_ms = kHour);

  [[nodiscard]] std::shared_ptr<const ComputePlan> shared() const {
    return std::make_shared<ComputePlan>(plan_);
  }

 private:
  ComputePlan plan_;
};

}  // namespace headgate::routing
