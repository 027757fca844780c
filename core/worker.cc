#include "core/worker.h"

#include <utility>

#include "core/os/priority.h"

namespace headgate::core {

void Worker::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    work_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Worker::run(Priority priority) {
  if (priority == Priority::below_loop) step_back();
  if (priority == Priority::background) step_far_back();
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !work_.empty(); });
    ended_ = work_.empty();
    if (ended_) return;
    const auto work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
  }
}

}  // namespace headgate::core
