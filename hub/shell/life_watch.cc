#include "hub/shell/life_watch.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <utility>

namespace headgate::hub {
namespace {

constexpr int kFailed = 1;
constexpr std::chrono::milliseconds kLastWords{300};  // for the log, whose thread writes them
constexpr timespec kLookEvery{2, 0};
constexpr timespec kLookOften{
    1, 0};  // while somebody waits: the service manager for signs of life, or everybody for the end
constexpr int64_t kOftenMs = 4'000;

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) sigaddset(&set, signal);
  return set;
}

int64_t now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Ends the process as if nobody had held the signal back.
void die_of(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(signal);
}

WatchdogLimits limits_for(const ServiceManager& manager) {
  WatchdogLimits limits;
  limits.ping_every_ms = manager.ping_every_ms();
  return limits;
}

}  // namespace

void block_signals() {
  const sigset_t set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

LifeWatch::LifeWatch(core::Log& log, ServiceManager manager, OnSignal on_signal)
    : log_(log),
      manager_(std::move(manager)),
      on_signal_(std::move(on_signal)),
      watchdog_(limits_for(manager_)) {}

LifeWatch::~LifeWatch() {
  if (!thread_.joinable()) return;
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR2);  // nobody else's signal: only to wake it up
  thread_.join();
}

void LifeWatch::run() {
  const sigset_t set = signals();
  while (!ending_) {
    const int signal = ::sigtimedwait(&set, nullptr, somebody_waits() ? &kLookOften : &kLookEvery);
    if (signal > 0 && signal != SIGUSR2) take(signal);
    look();
  }
}

bool LifeWatch::somebody_waits() const {
  return stopping_ || (manager_.ping_every_ms() > 0 && manager_.ping_every_ms() < kOftenMs);
}

void LifeWatch::take(int signal) {
  if (signal == SIGHUP) return on_signal_(signal);
  if (beats_ == 0) die_of(signal);
  if (std::exchange(stopping_, true)) return;  // it is on its way
  manager_.tell("STOPPING=1");
  watchdog_.stop(now_ms());
  on_signal_(signal);
}

void LifeWatch::look() {
  const Watchdog::Verdict verdict = watchdog_.look(beats_.load(std::memory_order_relaxed), now_ms());
  if (verdict.end) end_by_force();
  if (verdict.ping) manager_.tell("WATCHDOG=1");
  if (verdict.sign == Watchdog::Sign::stalled)
    log_.error("loop_stalled", {{"for_ms", verdict.silent_ms}, {"effect", "nobody is served"}});
  if (verdict.sign == Watchdog::Sign::recovered) log_.warn("loop_goes_on", {{"after_ms", verdict.silent_ms}});
}

void LifeWatch::end_by_force() {
  log_.error("stop_forced", {{"why", "something hangs; what was acknowledged is on the disk"}});
  std::this_thread::sleep_for(kLastWords);
  ::_exit(kFailed);
}

}  // namespace headgate::hub
