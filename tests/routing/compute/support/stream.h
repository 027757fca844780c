// Random inputs of a computation, late and out of order, the same for the same seed.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {

struct StreamShape {
  size_t messages = 200;
  int64_t step_ms = 1500;  // from one arrival to the next, at most; now and then ten times as much
  int64_t behind_ms = 0;   // timestamps are up to so much older than their arrivals
  double far_behind = 0;   // the share of messages that are up to a hundred times as late
  double odd = 0;          // the share whose timestamp is wrong or in the future
  int keys = 3;            // values of $body.k
  int devices = 3;         // values of $body.d
};

// Bodies: {"k":…,"d":…,"v":…,"ts":…}. Values `v` are multiples of a quarter.
[[nodiscard]] std::vector<Input> random_stream(uint32_t seed, const StreamShape& shape);

}  // namespace headgate::routing
