#include "hub/access/password_queue.h"

#include <algorithm>
#include <utility>

namespace headgate::hub {
namespace {

constexpr int64_t kFirstDelayMs = 1000;
constexpr uint32_t kDoublingsMax = 10;

}  // namespace

bool PasswordQueue::add(Check check, core::Now now) {
  Address& address = addresses_[check.address];
  drop_unwanted(address);
  const size_t own_max = address.failures > 0 ? limits_.waiting_per_offender : limits_.waiting_per_address;
  if (waiting_ >= limits_.waiting_max || address.waiting.size() >= own_max) return false;
  address.waiting.push_back(std::move(check));
  ++waiting_;
  start(now);
  return true;
}

void PasswordQueue::tick(core::Now now) {
  for (auto it = addresses_.begin(); it != addresses_.end();) {
    drop_unwanted(it->second);
    const bool behaves =
        it->second.failures == 0 || now.mono_ms - it->second.failed_ms > limits_.forgotten_after_ms;
    it = behaves && it->second.waiting.empty() ? addresses_.erase(it) : std::next(it);
  }
  start(now);
}

void PasswordQueue::drop_unwanted(Address& address) {
  waiting_ -= std::erase_if(address.waiting, [](const Check& check) { return check.wanted.expired(); });
}

// The first address behind the last one that has something to check and need not wait.
PasswordQueue::Addresses::iterator PasswordQueue::next_in_turn(core::Now now) {
  auto it = addresses_.upper_bound(last_);
  for (size_t seen = 0; seen < addresses_.size(); ++seen, ++it) {
    if (it == addresses_.end()) it = addresses_.begin();
    drop_unwanted(it->second);
    if (!it->second.waiting.empty() && it->second.not_before_ms <= now.mono_ms) return it;
  }
  return addresses_.end();
}

void PasswordQueue::start(core::Now now) {
  if (busy_) return;
  const auto it = next_in_turn(now);
  if (it == addresses_.end()) return;
  busy_ = true;
  last_ = it->first;
  Check check = std::move(it->second.waiting.front());
  it->second.waiting.pop_front();
  --waiting_;
  running_done_ = std::move(check.done);
  running_wanted_ = std::move(check.wanted);
  running_can_fit_ = check.can_fit;
  hasher_.verify(std::move(check.hash), std::move(check.password),
                 [this](bool fits) { on_done(last_, fits && running_can_fit_, clock_.now()); });
}

void PasswordQueue::on_done(const std::string& address, bool fits, core::Now now) {
  busy_ = false;
  if (!fits) count_failure(addresses_[address], now);
  const auto done = std::exchange(running_done_, nullptr);
  if (!running_wanted_.expired()) done(fits, now);
  start(now);
}

// An offender's next attempts wait 1, 2, 4, … seconds; everybody else's do not.
void PasswordQueue::count_failure(Address& address, core::Now now) const {
  if (now.mono_ms - address.failed_ms > limits_.forgotten_after_ms) address.failures = 0;
  ++address.failures;
  address.failed_ms = now.mono_ms;
  if (address.failures <= limits_.failures_free) return;
  const uint32_t doublings = std::min(address.failures - limits_.failures_free - 1, kDoublingsMax);
  address.not_before_ms = now.mono_ms + std::min(kFirstDelayMs << doublings, limits_.delay_ms_max);
}

}  // namespace headgate::hub
