// An executor whose work runs when the test says so, on the test's thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "core/executor.h"

namespace headgate::testing {

class ManualExecutor : public core::Executor {
 public:
  void post(std::function<void()> work) override {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    posted_.notify_one();
  }

  // Runs everything posted so far and what that posts; returns how many ran.
  size_t run_ready() {
    size_t ran = 0;
    while (auto work = take()) {
      work();
      ++ran;
    }
    return ran;
  }

  // Runs what was posted first; false if there is nothing.
  bool run_one() {
    const auto work = take();
    if (work) work();
    return work != nullptr;
  }

  // What was posted and has not run never will, as when its process is killed.
  void drop_ready() {
    const std::lock_guard lock(mutex_);
    work_.clear();
  }

  // Runs posted work until `done` is true, blocking (not polling) while there is none.
  void run_until(const std::function<bool()>& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [&] { return !work_.empty(); });
      auto work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
    }
  }

 private:
  std::function<void()> take() {
    const std::lock_guard lock(mutex_);
    if (work_.empty()) return nullptr;
    auto work = std::move(work_.front());
    work_.pop_front();
    return work;
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> work_;
};

}  // namespace headgate::testing
