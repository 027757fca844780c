#include "store/rocks/work/life_cycle.h"

#include <algorithm>
#include <utility>

namespace headgate::store {
namespace {

constexpr int64_t kRetryMs = 1'000;
constexpr int kRetryDoublings = 5;

}  // namespace

core::Status LifeCycle::check_open() const {
  if (is_open()) return {};
  if (is_closed()) return core::fail(core::Errc::io, "the store is closed");
  return core::fail(core::Errc::io, "the store has failed (" + cause_->what + ") and is being opened again");
}

bool LifeCycle::fail(const core::Error& error) {
  if (!is_open()) return false;
  state_ = State::failed;
  cause_ = error;
  return true;
}

int64_t LifeCycle::not_opened(int64_t mono_ms) {
  const int64_t wait_ms = kRetryMs << std::min(failures_++, kRetryDoublings);
  retry_at_ms_ = mono_ms + wait_ms;
  state_ = State::failed;
  return wait_ms;
}

core::Error LifeCycle::opened() {
  state_ = State::open;
  failures_ = 0;
  return *std::exchange(cause_, std::nullopt);
}

State LifeCycle::close() { return std::exchange(state_, State::closed); }

}  // namespace headgate::store
