#include "core/os/watched_worker.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "core/system_clock.h"

namespace headgate::core {
namespace {

// Threads are the process' own, whoever of its parts began them.
struct Watched {
  std::mutex mutex;
  std::set<const WatchedWorker*> workers;
};

Watched& watched() {
  static Watched all;
  return all;
}

}  // namespace

WatchedWorker::WatchedWorker(std::string_view name, Worker::Priority priority)
    : name_(name), worker_(priority) {
  const std::lock_guard lock(watched().mutex);
  watched().workers.insert(this);
}

WatchedWorker::~WatchedWorker() {
  {
    const std::lock_guard lock(watched().mutex);
    watched().workers.erase(this);
  }
  worker_.stop();
}

// The work is destroyed before it counts as done: what it holds may take long to free.
void WatchedWorker::post(std::function<void()> work) {
  worker_.post([this, work = std::move(work)]() mutable {
    begun_mono_ms_ = std::max<int64_t>(SystemClock().now().mono_ms, 1);
    std::exchange(work, nullptr)();
    begun_mono_ms_ = 0;
  });
}

std::vector<std::string> WatchedWorker::stuck(int64_t now_mono_ms) {
  std::set<std::string> names;
  const std::lock_guard lock(watched().mutex);
  for (const WatchedWorker* const worker : watched().workers) {
    const int64_t begun_mono_ms = worker->begun_mono_ms_;
    if (begun_mono_ms != 0 && now_mono_ms - begun_mono_ms >= kStuckMs) names.insert(worker->name_);
  }
  return {names.begin(), names.end()};
}

}  // namespace headgate::core
