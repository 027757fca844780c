// Who wants to know what becomes of batches.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"
#include "store/change.h"

namespace headgate::upstream {

// A batch, and what has just happened to it.
struct BatchStep {
  enum class What : uint8_t { sent, acknowledged, refused };

  What what = What::sent;
  uint8_t lane = 0;
  uint8_t code = 0;  // of its answer (MQTT 5)
  store::Seq first = 0;
  store::Seq last = 0;
  size_t messages = 0;  // of the lane within [first, last]
  uint64_t number = 0;  // in the chain; 0: it has none
};

// Must be quick, and not call back.
class BatchWatcher {
 public:
  virtual ~BatchWatcher() = default;
  virtual void on_batch(const BatchStep& step, core::Now now) = 0;
};

}  // namespace headgate::upstream
