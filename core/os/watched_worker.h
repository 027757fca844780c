// A worker that others can ask whether it is stuck: at one piece of work for long.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/worker.h"

namespace headgate::core {

class WatchedWorker {
 public:
  static constexpr int64_t kStuckMs = 10'000;

  // `name`: for the operator.
  explicit WatchedWorker(std::string_view name, Worker::Priority priority = Worker::Priority::normal);
  ~WatchedWorker();
  WatchedWorker(const WatchedWorker&) = delete;
  WatchedWorker& operator=(const WatchedWorker&) = delete;

  // See Worker.
  void post(std::function<void()> work);
  void stop() { worker_.stop(); }

  // Names of the process' watched workers that have been at one piece of work for kStuckMs, each once, in order.
  [[nodiscard]] static std::vector<std::string> stuck(int64_t now_mono_ms);

 private:
  const std::string name_;
  std::atomic<int64_t> begun_mono_ms_ = 0;  // of the work at hand; 0: there is none
  Worker worker_;                           // last, so that it ends first
};

}  // namespace headgate::core
