#include "broker/session/ack_order.h"

#include <utility>

namespace headgate::broker {

uint32_t AckOrder::add(uint16_t packet_id, uint8_t qos) {
  places_.push_back({packet_id, qos, false, ReasonCode::success, nullptr});
  return first_ + static_cast<uint32_t>(places_.size()) - 1;
}

void AckOrder::settle(uint32_t place, ReasonCode reason, std::string_view why) {
  if (!waits(place)) return;
  Place& known = places_[place - first_];
  known.settled = true;
  known.reason = reason;
  if (!why.empty()) known.why = std::make_unique<const std::string>(why);
}

std::optional<AckOrder::Answer> AckOrder::take() {
  if (places_.empty() || !places_.front().settled) return std::nullopt;
  const Place& front = places_.front();
  Answer answer{front.packet_id, front.qos, front.reason, front.why ? *front.why : std::string()};
  places_.pop_front();
  ++first_;
  return answer;
}

void AckOrder::clear() {
  first_ += static_cast<uint32_t>(places_.size());
  places_.clear();
}

}  // namespace headgate::broker
