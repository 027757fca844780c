// The seam to the loop thread, for those who do something on another one.
#pragma once

#include <functional>

namespace headgate::core {

// Runs functions on the loop thread, in the order they were posted, never inside post() itself.
// post() may be called from any thread. Implemented by hub::AsioExecutor and, in tests, by ManualExecutor.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> work) = 0;
};

}  // namespace headgate::core
