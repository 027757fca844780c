// The hub's side of a session: deliveries, their window and their acknowledgements.
#include <algorithm>
#include <optional>
#include <utility>

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/publish.h"
#include "broker/session/channel.h"
#include "broker/session/memory_bytes.h"
#include "broker/session/session.h"
#include "broker/session/shared_publish.h"

namespace headgate::broker {
namespace {

bool expired(const core::Message& message, core::Now now) {
  return message.expires_ms != 0 && message.expires_ms <= now.hub_ms;
}

// Computes the rest of the message's life, rounded up so that it is not cut short [MQTT-3.3.2-6].
std::optional<uint32_t> remaining_s(const core::Message& message, core::Now now) {
  if (message.expires_ms == 0) return std::nullopt;
  const int64_t left_s = (message.expires_ms - now.hub_ms + 999) / 1000;
  return static_cast<uint32_t>(std::clamp<int64_t>(left_s, 0, UINT32_MAX));  // the clock may jump
}

}  // namespace

void Session::count_delivered(const core::Message& message) {
  ++stats_.delivered;
  ++context_.traffic.publishes_out;
  context_.traffic.publish_bytes_out += message.body.size();
}

bool Session::takes_packets() const { return channel_ && !channel_->closing(); }

bool Session::congested() const { return channel_->unsent_bytes() > context_.limits.unsent_bytes_max; }

// A client that stays behind though its socket was offered everything.
bool Session::is_slow(const core::Message& message, core::Now now) {
  if (!congested()) return false;
  channel_->tell_drained = true;
  channel_->offer(now);
  if (channel_->unsent_bytes() == 0) channel_->burst.forgive();
  if (!congested()) return false;
  const size_t bytes = memory_bytes(message);
  return channel_->unsent_bytes() + bytes > context_.limits.queued_bytes_max ||
         !channel_->burst.take(bytes, context_.burst_bytes, now);
}

bool Session::has_room_for(uint8_t qos) {
  constexpr size_t kShare = 4;  // of what may be unsent: the rest is for what is published meanwhile
  if (!takes_packets()) return false;
  if (channel_->unsent_bytes() > context_.limits.unsent_bytes_max / kShare) {
    channel_->tell_drained = true;
    return false;
  }
  return qos == 0 || (outbox_.window() > 0 && outbox_.waiting.empty());
}

size_t Session::window() const { return takes_packets() && !congested() ? outbox_.window() : 0; }

void Session::deliver_from_memory(SharedPublish& shared, uint8_t qos, bool retain,
                                  std::span<const uint32_t> subscription_ids, core::Now now, Via via) {
  if (!may_receive(shared.message()->topic)) return;
  Outgoing out{shared.message(), qos, retain, {subscription_ids.begin(), subscription_ids.end()}, {}, via};
  if (qos == 0) {
    if (!takes_packets()) return give_up(out, DropReason::offline);
    if (is_slow(*out.message, now)) return give_up(out, DropReason::slow_reader);
    if (!write_shared(shared, out, 0, now)) give_up(out, DropReason::too_large);
    return;
  }
  if (window() == 0 || !outbox_.waiting.empty()) return wait_in_memory(std::move(out));
  const Outbox::InFlight& flight = outbox_.start(std::move(out));
  if (outbox_.in_flight() == 1) stats_.answered_ms = now.mono_ms;
  if (!write_shared(shared, flight.out, flight.packet_id, now))
    give_up(outbox_.finish(flight.packet_id), DropReason::too_large);
}

// The hot path: the bytes that other subscribers get as well, where nothing in them is this one's own.
bool Session::write_shared(SharedPublish& shared, const Outgoing& out, uint16_t packet_id, core::Now now) {
  const bool own =
      !out.subscription_ids.empty() || channel_->aliases_out != nullptr || translator_ != nullptr;
  const PublishTemplate* form =
      own ? nullptr : shared.form(version_, out.qos, out.retain, remaining_s(*out.message, now));
  if (!form || form->bytes() == 0) return write_publish(out, packet_id, false, now);
  if (form->bytes() > channel_->client_packet_bytes_max) return false;  // [MQTT-3.1.2-25]
  form->append_to(channel_->out(), packet_id);
  count_delivered(*out.message);
  return true;
}

bool Session::write_publish(const Outgoing& out, uint16_t packet_id, bool dup, core::Now now) {
  PublishOptions options;
  options.packet_id = packet_id;
  options.qos = out.qos;
  // [MQTT-3.3.1-3, MQTT-4.3.2-2]; 3.1.1 [MQTT-3.3.1-3]
  options.dup = dup;
  options.retain = out.retain;
  options.subscription_ids = out.subscription_ids;
  options.expiry_s = remaining_s(*out.message, now);
  options.packet_bytes_max = channel_->client_packet_bytes_max;
  const bool written = translator_ ? write_translated(*out.message, options)
                       : channel_->aliases_out
                           ? write_with_alias(*out.message, options)
                           : encode_publish(*out.message, options, version_, channel_->out());
  if (written && !dup) count_delivered(*out.message);
  return written;
}

// The announcement of an alias makes a packet larger; one that is too large for that goes without.
bool Session::write_with_alias(const core::Message& message, PublishOptions& options) {
  TopicAliases& aliases = *channel_->aliases_out;
  const TopicAliases::Use use = aliases.use(message.topic);
  options.topic_alias = use.alias;
  options.topic_known = use.known;
  if (encode_publish(message, options, version_, channel_->out())) return true;
  if (use.alias == 0 || use.known) return false;
  aliases.forget(message.topic);
  options.topic_alias = 0;
  return encode_publish(message, options, version_, channel_->out());
}

Handed Session::deliver_from_queue(Outgoing out, uint16_t packet_id, core::Now now) {
  if (!may_receive(out.message->topic)) return Handed::denied;  // any more: it could when this was queued
  if (out.qos == 0) {
    const DeliveryToken token = out.token;
    const bool written = write_publish(out, 0, false, now);
    if (!written) count_drop(DropReason::too_large);
    context_.events->on_delivered(*this, token, written);
    return Handed::taken;
  }
  if (packet_id == 0) {
    start_delivery(std::move(out), now);
    return Handed::taken;
  }
  const Outbox::InFlight* flight = outbox_.start_as(packet_id, std::move(out));
  if (!flight) return Handed::id_in_use;
  write_or_give_up(*flight, flight->out.maybe_sent, now);
  return Handed::taken;
}

void Session::start_delivery(Outgoing out, core::Now now) {
  const Outbox::InFlight& flight = outbox_.start(std::move(out));
  write_or_give_up(flight, flight.out.maybe_sent, now);
}

// Larger than the client takes: it is treated as delivered [MQTT-3.1.2-25], and counted. The window is as
// open as before, so nobody is told: a queue of such messages must not nest.
void Session::write_or_give_up(const Outbox::InFlight& flight, bool dup, core::Now now) {
  if (outbox_.in_flight() == 1) stats_.answered_ms = now.mono_ms;
  if (!write_publish(flight.out, flight.packet_id, dup, now))
    give_up(outbox_.finish(flight.packet_id), DropReason::too_large);
}

// Sends again as many deliveries as the new connection's window and the socket take [MQTT-3.3.4-9].
// [MQTT-3.3.1-1]; 3.1.1 [MQTT-3.3.1-1, MQTT-4.4.0-1]
void Session::send_again(core::Now now) {
  while (takes_packets() && !congested()) {
    const Outbox::InFlight* flight = outbox_.next_again();
    if (!flight) return;
    write_or_give_up(*flight, true, now);
  }
}

// [MQTT-4.3.3-6]
void Session::release_again() {
  outbox_.for_each([this](const Outbox::InFlight& flight) {
    if (flight.stage == Outbox::Stage::released)
      send_ack(PacketType::pubrel, flight.packet_id, ReasonCode::success);
  });
}

void Session::count_drop(DropReason reason) {
  if (reason != DropReason::offline) return count_stored_drops(reason, 1);
  ++stats_.dropped;  // QoS 0 is not meant for who is away
  ++context_.drops[static_cast<size_t>(reason)];
}

void Session::count_stored_drops(DropReason reason, uint64_t messages) {
  stats_.dropped += messages;
  context_.drops[static_cast<size_t>(reason)] += messages;
  if (unlogged_drops_ == 0) context_.droppers.push_back(weak_from_this());
  unlogged_drops_ += messages;
}

void Session::logged_drops(int64_t next_ms) {
  unlogged_drops_ = 0;
  next_drop_log_ms_ = next_ms;
}

void Session::give_up(const Outgoing& out, DropReason reason) {
  count_drop(reason);
  if (out.token.seq != 0) context_.events->on_delivered(*this, out.token, false);
}

bool Session::may_wait() const {
  return outbox_.waiting.size() < context_.limits.queued_messages_max &&
         outbox_.waiting_bytes < context_.limits.queued_bytes_max;
}

std::vector<core::MessagePtr> Session::extract_shared() {
  std::vector<core::MessagePtr> messages;
  outbox_.for_each([&](Outbox::InFlight& flight) {
    const bool unacknowledged = flight.stage == Outbox::Stage::sent && flight.out.qos == 1;
    if (flight.out.via == Via::share && flight.out.token.seq == 0 && unacknowledged)
      messages.push_back(std::move(flight.out.message));
  });
  for (size_t i = 0; i < outbox_.waiting.size(); ++i) {
    Outgoing& out = outbox_.waiting[i];
    if (out.via == Via::share) messages.push_back(std::move(out.message));
  }
  outbox_.waiting.clear();
  outbox_.waiting_bytes = 0;
  return messages;
}

void Session::wait_in_memory(Outgoing out) {
  const bool full = outbox_.waiting.size() >= context_.limits.queued_messages_max ||
                    outbox_.waiting_bytes + memory_bytes(*out.message) > context_.limits.queued_bytes_max;
  if (full) return give_up(out, DropReason::queue_full);
  outbox_.waiting_bytes += memory_bytes(*out.message);
  outbox_.waiting.push_back(std::move(out));
}

Outgoing Session::next_waiting() {
  Outgoing out = std::move(outbox_.waiting.front());
  outbox_.waiting.pop_front();
  outbox_.waiting_bytes -= memory_bytes(*out.message);
  return out;
}

void Session::send_waiting(core::Now now) {
  if (outbox_.rewound()) send_again(now);
  while (!outbox_.waiting.empty() && window() > 0) {
    Outgoing out = next_waiting();
    if (expired(*out.message, now)) {
      give_up(out, DropReason::expired);            // [MQTT-3.3.2-5]
    } else if (!may_receive(out.message->topic)) {  // its rights have changed while it waited
      give_up(out, DropReason::denied);
    } else {
      start_delivery(std::move(out), now);
    }
  }
}

void Session::on_drained(core::Now now) {
  send_waiting(now);
  if (takes_packets() && !congested()) context_.events->on_window_open(*this);
}

void Session::finish_delivery(uint16_t packet_id, bool delivered, core::Now now) {
  const DeliveryToken token = outbox_.finish(packet_id).token;
  stats_.answered_ms = now.mono_ms;
  const bool was_rewound = outbox_.rewound();
  if (!delivered) count_drop(DropReason::refused);
  if (token.seq != 0) context_.events->on_delivered(*this, token, delivered);
  send_waiting(now);
  if ((token.seq == 0 || was_rewound) && window() > 0) context_.events->on_window_open(*this);
}

bool Session::is_deferred(const Outbox::InFlight& flight) {
  const DeliveryToken token = flight.out.token;
  return token.seq != 0 && context_.events->defers_end(*this, flight.packet_id, flight.out.qos, token);
}

void Session::complete(uint16_t packet_id, DeliveryToken token, core::Now now) {
  Outbox::InFlight* flight = outbox_.find(packet_id);
  if (!flight || flight->out.token != token) return;
  flight->out.token = {};
  if (flight->out.qos == 1) return finish_delivery(packet_id, true, now);
  outbox_.advance(*flight, Outbox::Stage::received);
  flight->out.message.reset();
  release(packet_id);
}

ReasonCode Session::on_puback(const Frame& frame, core::Now now) {
  Ack ack;
  if (const ReasonCode bad = decode_ack(frame.type, frame.body, version_, ack); is_error(bad)) return bad;
  const Outbox::InFlight* flight = outbox_.find(ack.packet_id);
  // For an unknown id nothing can be done; for a QoS 2 delivery PUBACK is the wrong answer.
  if (!flight) return ReasonCode::success;
  if (flight->out.qos != 1) return ReasonCode::protocol_error;
  stats_.answered_ms = now.mono_ms;
  if (!is_error(ack.reason) && is_deferred(*flight)) return ReasonCode::success;
  // [MQTT-4.4.0-2]
  finish_delivery(ack.packet_id, !is_error(ack.reason), now);
  return ReasonCode::success;
}

ReasonCode Session::on_pubrec(const Frame& frame, core::Now now) {
  Ack ack;
  if (const ReasonCode bad = decode_ack(frame.type, frame.body, version_, ack); is_error(bad)) return bad;
  Outbox::InFlight* flight = outbox_.find(ack.packet_id);
  if (!flight) {
    if (!is_error(ack.reason))
      send_ack(PacketType::pubrel, ack.packet_id, ReasonCode::packet_identifier_not_found);
    return ReasonCode::success;
  }
  if (flight->stage == Outbox::Stage::released) {
    send_ack(PacketType::pubrel, ack.packet_id, ReasonCode::success);
    return ReasonCode::success;
  }
  if (flight->stage == Outbox::Stage::received) return ReasonCode::success;  // PUBREL follows once durable
  if (flight->out.qos != 2) return ReasonCode::protocol_error;
  if (is_error(ack.reason)) {
    finish_delivery(ack.packet_id, false, now);
    return ReasonCode::success;
  }
  stats_.answered_ms = now.mono_ms;
  if (is_deferred(*flight)) return ReasonCode::success;
  outbox_.advance(*flight, Outbox::Stage::received);
  flight->out.message.reset();  // the client has it: it must not be sent again [MQTT-4.3.3-7]
  const DeliveryToken token = std::exchange(flight->out.token, {});
  if (token.seq != 0) {
    context_.events->on_received(*this, ack.packet_id, token);
  } else {
    release(ack.packet_id);
  }
  return ReasonCode::success;
}

void Session::release(uint16_t packet_id) {
  Outbox::InFlight* flight = outbox_.find(packet_id);
  if (!flight || flight->stage != Outbox::Stage::received) return;
  outbox_.advance(*flight, Outbox::Stage::released);
  send_ack(PacketType::pubrel, packet_id, ReasonCode::success);  // [MQTT-4.3.3-4]
}

ReasonCode Session::on_pubcomp(const Frame& frame, core::Now now) {
  Ack ack;
  if (const ReasonCode bad = decode_ack(frame.type, frame.body, version_, ack); is_error(bad)) return bad;
  const Outbox::InFlight* flight = outbox_.find(ack.packet_id);
  if (!flight) return ReasonCode::success;
  if (flight->stage != Outbox::Stage::released) return ReasonCode::protocol_error;
  context_.events->on_completed(*this, ack.packet_id);
  finish_delivery(ack.packet_id, true, now);
  return ReasonCode::success;
}

}  // namespace headgate::broker
