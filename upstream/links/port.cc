#include "upstream/links/port.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {

Port::Port(std::vector<Carrier*> carriers, std::function<WantedLanes()> waiting, Times times)
    : carriers_(std::move(carriers)), waiting_(std::move(waiting)), times_(times) {}

Port::~Port() {
  if (carrier_ != nullptr) carrier_->detach(*this);
}

// --- Link

bool Port::takes(const core::Message& message) {
  return carrier_ == nullptr || carrier_->link().takes(message);
}

void Port::publish(Token token, const Publication& publication) {
  if (carrier_ != nullptr) carrier_->publish(*this, token, publication);
}

void Port::announce(const Note& note) {
  if (carrier_ != nullptr) carrier_->announce(note);
}

// Answers that may still come would be to publishes that are forgotten, so the connection is not used on.
void Port::disconnect() {
  wants_ = false;
  leaving_since_ms_.reset();
  Carrier* const carrier = std::exchange(carrier_, nullptr);
  if (carrier == nullptr) return;
  if (carrier->has_unanswered(*this))
    carrier->break_off("connected, but a batch was not acknowledged in time");
  carrier->detach(*this);
}

Intake Port::intake() const {
  if (carrier_ == nullptr || leaving_since_ms_) return {lanes_, kNever};
  const int64_t from_ms = carrier_->has_room(*this) ? carrier_->permit().from_mono_ms : kNever;
  return {lanes_, from_ms};
}

// --- CarrierUser

void Port::on_carrier_acked(Token token, uint8_t reason_code, core::Now now) {
  events_->on_acked(token, reason_code, now);
}

void Port::on_carrier_down(const LinkDown& down, core::Now now) {
  carrier_ = nullptr;
  leaving_since_ms_.reset();
  events_->on_link_down(down, now);
}

// --- Moving

std::vector<LinkView> Port::views(core::Now now) const {
  std::vector<LinkView> views;
  for (const Carrier* const carrier : carriers_) {
    const bool is_up = carrier->is_up();
    const bool is_missed = carrier->missing_ms(now) >= times_.fail_over_ms || carrier->is_hopeless();
    views.push_back({.up = is_up,
                     .proven = is_up && now.mono_ms - carrier->up_since() >= kProvenMs,
                     .given_up = !is_up && is_missed,
                     .lanes = carrier->permit().lanes});
  }
  return views;
}

bool Port::needs(const Carrier& carrier, core::Now now) const {
  if (!wants_ && carrier_ == nullptr) return false;
  if (carrier_ == &carrier && carrier.has_unanswered(*this)) return true;
  const auto place = std::ranges::find(carriers_, &carrier);
  if (place == carriers_.end()) return false;
  const WantedLanes wanted = carrier.stays_connected() ? UINT16_MAX : waiting_();
  return is_needed(views(now), static_cast<size_t>(place - carriers_.begin()), wanted);
}

bool Port::settle(core::Now now) {
  if (carrier_ == nullptr && !wants_) return false;
  std::optional<size_t> current;
  const auto place = std::ranges::find(carriers_, carrier_);
  if (place != carriers_.end()) current = static_cast<size_t>(place - carriers_.begin());
  const auto best = best_link(views(now), current);
  if (carrier_ != nullptr) return stay_or_leave(best ? carriers_[*best] : nullptr, now);
  return best && carriers_[*best]->admits(*this) && come_up(*carriers_[*best], now);
}

bool Port::come_up(Carrier& carrier, core::Now now) {
  wants_ = false;
  carrier_ = &carrier;
  lanes_ = carrier.permit().lanes;
  carrier.attach(*this, now);
  LinkUp said = carrier.said();
  const Visit visit{&carrier, carrier.up_since()};
  if (std::exchange(last_visit_, visit) == visit) said.session_present = true;
  events_->on_link_up(said, now);
  return true;
}

// Waits for what is on its way. A link that takes fewer lanes than before is left and entered again, so that nothing
// of the others is held back with their batches.
bool Port::stay_or_leave(Carrier* best, core::Now now) {
  const uint16_t lanes = carrier_->permit().lanes;
  if (best == carrier_ && (lanes_ & ~lanes) == 0) {
    leaving_since_ms_.reset();
    return std::exchange(lanes_, lanes) != lanes;
  }
  if (!leaving_since_ms_) leaving_since_ms_ = now.mono_ms;
  const bool waits = carrier_->has_unanswered(*this) && now.mono_ms - *leaving_since_ms_ < times_.patience_ms;
  return !waits && leave(now);
}

bool Port::leave(core::Now now) {
  carrier_->detach(*this);
  on_carrier_down({"the queue goes over another link, or waits for one", false, 0, true}, now);
  return true;
}

void Port::offer_room(core::Now now) {
  const bool waits = now.mono_ms < intake().from_mono_ms;
  const bool had_to_wait = std::exchange(had_to_wait_, waits);
  if (had_to_wait && !waits) on_room_(now);
}

}  // namespace headgate::upstream
