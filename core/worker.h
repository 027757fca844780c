// A thread that runs what it is given, in order.
//
//   loop:    post(write) ── post(sync) ── stop() ───────────────────▶ returns
//   worker:        write ───────── sync ── what those posted ── ends ┘
//
// Errors: work has none to give back; it posts them to the loop (core::Executor). It must not throw.
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
  // What is in the background never takes a core from who has it, see step_far_back().
  enum class Priority : uint8_t { normal, below_loop, background };

  explicit Worker(Priority priority = Priority::normal) : thread_([this, priority] { run(priority); }) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Hands work over and returns at once. On any thread, also from work that runs here. Work is run and
  // destroyed on the worker's thread; once that has ended, work is dropped without a run, on the caller's.
  void post(std::function<void()> work);

  // Waits until everything that was posted has run, with what that posts here meanwhile, and ends the thread.
  // On its owner's thread, never from work; another call does nothing. Of workers that post to each other,
  // the one that posts is stopped before the one that is posted to.
  void stop();

 private:
  void run(Priority priority);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool stopping_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace headgate::core
