#include "broker/session/outbox.h"

#include <cassert>
#include <utility>

namespace headgate::broker {
namespace {

constexpr size_t kFinishedMax = 64;  // finished deliveries between others that are not worth a tidying

// The id after `id`, in sequence: 0 is not an id [MQTT-2.2.1-4].
uint16_t after(uint16_t id) { return static_cast<uint16_t>(id == 0xFFFF ? 1 : id + 1); }

}  // namespace

// [MQTT-2.2.1-4, MQTT-4.3.2-1, MQTT-4.3.3-1]; 3.1.1 [MQTT-2.3.1-4]
const Outbox::InFlight& Outbox::start(Outgoing out) {
  last_packet_id_ = after(last_packet_id_);
  const bool next_in_sequence = slots_.empty() || after(slots_.back().flight.packet_id) == last_packet_id_;
  // In sequence, and fewer than there are ids: the next one cannot be in use, so nothing is searched.
  const bool known_free = run_ >= slots_.size() && next_in_sequence && slots_.size() < 0xFFFE;
  if (!known_free) {
    while (find_slot(last_packet_id_)) last_packet_id_ = after(last_packet_id_);
  }
  return push(last_packet_id_, Stage::sent, std::move(out));
}

const Outbox::InFlight* Outbox::start_as(uint16_t packet_id, Outgoing out) {
  if (packet_id == 0 || find_slot(packet_id)) return nullptr;
  return &push(packet_id, Stage::sent, std::move(out));
}

void Outbox::restore_released(uint16_t packet_id) {
  if (packet_id == 0 || find_slot(packet_id)) return;
  push(packet_id, Stage::released, {});
}

const Outbox::InFlight& Outbox::push(uint16_t packet_id, Stage stage, Outgoing out) {
  const bool in_sequence = !slots_.empty() && after(slots_.back().flight.packet_id) == packet_id;
  run_ = in_sequence ? run_ + 1 : 1;
  slots_.push_back({true, {packet_id, stage, false, std::move(out)}});
  ++used_;
  return slots_.back().flight;
}

Outbox::Slot* Outbox::find_slot(uint16_t packet_id) {
  if (slots_.empty()) return nullptr;
  const auto holds = [&](const Slot& slot) { return slot.used && slot.flight.packet_id == packet_id; };
  // Clients mostly acknowledge in order, and ids mostly follow each other: look there first.
  const auto distance = static_cast<uint16_t>(packet_id - slots_.front().flight.packet_id);
  if (distance < slots_.size() && holds(slots_[distance])) return &slots_[distance];
  // Behind the turn from 65,535 to 1 there is one id less than the difference says.
  if (distance > 0 && distance <= slots_.size() && holds(slots_[distance - 1u]))
    return &slots_[distance - 1u];
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (holds(slots_[i])) return &slots_[i];
  }
  return nullptr;
}

Outbox::InFlight* Outbox::find(uint16_t packet_id) {
  Slot* slot = find_slot(packet_id);
  return slot ? &slot->flight : nullptr;
}

Outgoing Outbox::finish(uint16_t packet_id) {
  Slot* slot = find_slot(packet_id);
  assert(slot);
  slot->used = false;
  --used_;
  if (slot->flight.again) --again_;
  Outgoing out = std::move(slot->flight.out);
  while (!slots_.empty() && !slots_.front().used) slots_.pop_front();
  if (slots_.size() > 2 * used_ + kFinishedMax) compact();
  return out;
}

// Takes the finished ones out of the middle: a client may leave the oldest unacknowledged for ever.
void Outbox::compact() {
  slots_.erase_if([](const Slot& slot) { return !slot.used; });
  run_ = 0;  // forgets a run rather than look for it
}

void Outbox::advance(InFlight& flight, Stage stage) {
  if (flight.again) --again_;
  flight.again = false;
  flight.stage = stage;
}

void Outbox::rewind() {
  again_ = 0;
  for_each([this](InFlight& flight) {
    flight.again = flight.stage == Stage::sent;
    if (flight.again) ++again_;
  });
}

Outbox::InFlight* Outbox::next_again() {
  if (again_ == 0 || room() == 0) return nullptr;
  size_t next = 0;
  while (!slots_[next].used || !slots_[next].flight.again) ++next;  // there is one: again_ counts it
  slots_[next].flight.again = false;
  --again_;
  return &slots_[next].flight;
}

}  // namespace headgate::broker
