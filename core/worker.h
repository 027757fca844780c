// A thread that runs what it is given, in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace headgate::core {

class Worker {
 public:
  // Whether the thread competes with the loop's for a core. One below it gets what the loop leaves (nice, not
  // SCHED_IDLE: it always gets something), so that computing for one client delays no other.
  enum class Priority : uint8_t { normal, below_loop };

  explicit Worker(Priority priority = Priority::normal) : thread_([this, priority] { run(priority); }) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Not after stop().
  void post(std::function<void()> work);

  // Finishes what was posted, then ends the thread. Called by its owner; further calls do nothing.
  void stop();

 private:
  void run(Priority priority);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace headgate::core
