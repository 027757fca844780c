// The thread that never waits for anything the hub does: takes the process's signals, looks whether the loop is alive,
// tells the service manager, and ends the process if it was asked to end and something hangs. The store is safe then:
// it is as after kill -9.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "core/log.h"
#include "hub/shell/service_manager.h"
#include "hub/shell/watchdog.h"

namespace headgate::hub {

// SIGINT, SIGTERM and SIGHUP are held back in this thread and all that it starts: call before there are others.
void block_signals();

class LifeWatch {
 public:
  // Gives a signal to the loop, of those that end the process only the first; called on the watch's thread, and must
  // not wait.
  using OnSignal = std::function<void(int signal)>;

  // Requires block_signals(). `log` must outlive this. Until the first beat() a signal that ends the process ends it
  // at once: nothing listens yet, and opening the store may take long.
  LifeWatch(core::Log& log, ServiceManager manager, OnSignal on_signal);
  ~LifeWatch();
  LifeWatch(const LifeWatch&) = delete;
  LifeWatch& operator=(const LifeWatch&) = delete;

  // Begins; until then signals wait. A process that gives up root's rights does so before it has other threads.
  void start() {
    thread_ = std::thread([this] { run(); });
  }

  // The loop runs. Call from it about once a second.
  void beat() { beats_.fetch_add(1, std::memory_order_relaxed); }
  // Says to the service manager that the hub serves, also after a reload.
  void ready() const { manager_.tell("READY=1"); }
  // Says to it that a reload has begun; ready() has to follow.
  void reloading() const { manager_.tell("RELOADING=1"); }

 private:
  void run();
  void take(int signal);
  [[nodiscard]] bool somebody_waits() const;
  void look();
  void end_by_force();

  core::Log& log_;
  const ServiceManager manager_;
  const OnSignal on_signal_;
  Watchdog watchdog_;
  bool stopping_ = false;  // the watch's thread's, as the watchdog is
  std::atomic<uint64_t> beats_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace headgate::hub
