#include "broker/outbox.h"

#include <cassert>
#include <utility>

namespace headgate::broker {
namespace {

// The id after `id`, in sequence: 0 is not an id [MQTT-2.2.1-3].
uint16_t after(uint16_t id) { return static_cast<uint16_t>(id == 0xFFFF ? 1 : id + 1); }

}  // namespace

const Outbox::InFlight& Outbox::start(Outgoing out) {
  last_packet_id_ = after(last_packet_id_);
  const bool next_in_sequence = slots_.empty() || after(slots_.back().flight.packet_id) == last_packet_id_;
  if (slots_.empty()) in_sequence_ = true;
  // In sequence, and fewer than there are ids: the next one cannot be in use, so nothing is searched.
  if (!in_sequence_ || !next_in_sequence || slots_.size() >= 0xFFFE) {
    in_sequence_ = false;
    while (find_slot(last_packet_id_)) last_packet_id_ = after(last_packet_id_);
  }
  return push(last_packet_id_, Stage::sent, std::move(out));
}

const Outbox::InFlight* Outbox::start_as(uint16_t packet_id, Outgoing out) {
  if (packet_id == 0 || find_slot(packet_id)) return nullptr;
  in_sequence_ = false;
  return &push(packet_id, Stage::sent, std::move(out));
}

void Outbox::restore_released(uint16_t packet_id) {
  if (packet_id == 0 || find_slot(packet_id)) return;
  in_sequence_ = false;
  push(packet_id, Stage::released, {});
}

const Outbox::InFlight& Outbox::push(uint16_t packet_id, Stage stage, Outgoing out) {
  slots_.push_back({true, {packet_id, stage, std::move(out)}});
  ++used_;
  return slots_.back().flight;
}

Outbox::Slot* Outbox::find_slot(uint16_t packet_id) {
  if (slots_.empty()) return nullptr;
  const auto holds = [&](const Slot& slot) { return slot.used && slot.flight.packet_id == packet_id; };
  // Clients mostly acknowledge in order, and ids mostly follow each other: look there first.
  const auto distance = static_cast<uint16_t>(packet_id - slots_.front().flight.packet_id);
  if (distance < slots_.size() && holds(slots_[distance])) return &slots_[distance];
  for (Slot& slot : slots_) {
    if (holds(slot)) return &slot;
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
  Outgoing out = std::move(slot->flight.out);
  while (!slots_.empty() && !slots_.front().used) slots_.pop_front();
  return out;
}

}  // namespace headgate::broker
