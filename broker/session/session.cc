#include "broker/session/session.h"

#include <algorithm>
#include <utility>

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/disconnect.h"
#include "broker/codec/packets/ping.h"
#include "broker/codec/packets/suback.h"
#include "broker/codec/packets/unsuback.h"
#include "broker/session/channel.h"
#include "broker/session/translation.h"

namespace headgate::broker {

namespace {

// A client that is neither device nor module counts as a device of its client id. A module without the rights of one of the
// hub's own is another device's.
core::Source source_of(const std::string& client_id, const Identity& identity, const Rights& rights) {
  switch (identity.kind) {
    case Identity::Kind::client:
      break;
    case Identity::Kind::device:
    case Identity::Kind::module:
      return {client_id, identity.device, identity.module, identity.module != rights.module()};
  }
  return {client_id, client_id, ""};
}

const Grant& nobody() {
  static const Grant kNobody{std::make_shared<const Identity>(), Rights::none()};
  return kNobody;
}

}  // namespace

Session::Session(const std::string& client_id, SessionContext& context)
    : source_(std::make_shared<core::Source>(core::Source{client_id, client_id, ""})),
      grant_(nobody()),
      context_(context),
      outbox_(context.limits.in_flight_max) {}

Session::~Session() { end(); }

void Session::end() {
  if (std::exchange(ended_, true)) return;
  for (const auto& [filter, options] : filters_) context_.subscriptions.remove(filter, this);
}

void Session::set_grant(Grant grant) {
  grant_ = std::move(grant);
  core::Source source = source_of(client_id(), *grant_.identity, *grant_.rights);
  if (source != *source_) source_ = std::make_shared<core::Source>(std::move(source));
}

void Session::count_denied(Action action) {
  stats_.denied.count(action);
  context_.denied.count(action);
}

bool Session::may_publish(std::string_view topic) {
  if (grant_.rights->may_publish(topic)) return true;
  count_denied(Action::publish);
  if (stats_.denied.publish == 1) {  // the rest is counted
    context_.log.warn("publish_denied",
                      {{"client", client_id()}, {"user", identity().username}, {"topic", topic}});
  }
  return false;
}

bool Session::may_subscribe(std::string_view filter) {
  if (!filter.empty() && grant_.rights->may_subscribe(filter)) return true;
  count_denied(Action::subscribe);
  if (stats_.denied.subscribe == 1)  // the rest is counted
    context_.log.warn("subscribe_denied", {{"client", client_id()}, {"user", identity().username}});
  return false;
}

void Session::set_paused(bool paused) {
  const bool go_on = paused_ && !paused;
  paused_ = paused;
  if (go_on && channel_) channel_->wake();
}

void Session::set_held(PublishToken token, bool held) {
  if (token.connection != connection_) return;
  unanswered_ += held ? size_t{0} - 1 : 1;
  unanswered_bytes_ += held ? size_t{0} - token.bytes : token.bytes;
}

void Session::attach(Channel& channel, Version version, uint16_t client_receive_maximum, core::Now now) {
  channel_ = &channel;
  translator_ = translator_of(channel, identity());
  version_ = version;
  ++connection_;
  ++stats_.connects;
  since_wall_ms_ = now.wall_ms;
  unacknowledged_ = 0;
  unanswered_ = 0;
  unanswered_bytes_ = 0;
  acks_.clear();
  requests_.clear();
  outbox_.set_window_max(std::min(client_receive_maximum, context_.limits.in_flight_max));  // [MQTT-3.3.4-9]
  outbox_.rewind();
  stats_.answered_ms = now.mono_ms;
  release_again();
  send_waiting(now);
}

// [MQTT-4.1.0-1]; 3.1.1 [MQTT-4.1.0-1, MQTT-4.1.0-2]
void Session::detach(core::Now now) {
  channel_ = nullptr;
  since_wall_ms_ = now.wall_ms;
}

ReasonCode Session::on_frame(const Frame& frame, core::Now now) {
  switch (frame.type) {
    case PacketType::publish:
      return on_publish(frame, now);
    case PacketType::puback:
      return on_puback(frame, now);
    case PacketType::pubrec:
      return on_pubrec(frame, now);
    case PacketType::pubrel:
      return on_pubrel(frame);
    case PacketType::pubcomp:
      return on_pubcomp(frame, now);
    case PacketType::subscribe:
      return on_subscribe(frame);
    case PacketType::unsubscribe:
      return on_unsubscribe(frame);
    case PacketType::pingreq:
      return on_pingreq(frame);
    case PacketType::disconnect:
      return on_disconnect(frame);
    // [MQTT-4.12.0-7, MQTT-4.12.1-2]
    case PacketType::auth:  // no enhanced authentication was begun, so none can go on [MQTT-4.12.0-1]
    // [MQTT-3.2.0-2]; 3.1.1 [MQTT-3.1.0-2]
    case PacketType::connect:  // a second one [MQTT-3.1.0-2]
    case PacketType::connack:  // only a server sends the rest
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp:
      return ReasonCode::protocol_error;
  }
  return ReasonCode::malformed_packet;
}

// [MQTT-3.3.4-10, MQTT-4.9.0-3]; 3.1.1 [MQTT-3.12.4-1]
ReasonCode Session::on_pingreq(const Frame& frame) {
  if (const ReasonCode bad = decode_pingreq(frame.body); is_error(bad)) return bad;
  encode_pingresp(channel_->out());  // [MQTT-3.12.4-1]
  return ReasonCode::success;
}

ReasonCode Session::on_disconnect(const Frame& frame) {
  Disconnect packet;
  if (const ReasonCode bad = decode_disconnect(frame.body, version_, packet); is_error(bad)) return bad;
  if (packet.session_expiry_s) {
    const bool revived = expiry_s_ == 0 && *packet.session_expiry_s != 0;
    if (revived) {  // MQTT 5.0 section 3.14.2.2.2
      context_.why = "DISCONNECT gives an expiry to a session that was to end with its connection";
      return ReasonCode::protocol_error;
    }
    expiry_s_ = *packet.session_expiry_s;
  }
  // [MQTT-3.1.2-10]; 3.1.1 [MQTT-3.1.2-10, MQTT-3.14.4-3]
  channel_->graceful = packet.reason != ReasonCode::disconnect_with_will;
  channel_->close(ReasonCode::success);
  return ReasonCode::success;
}

// Finds the properties of the answer to that request; nullopt if this connection does not wait for it.
std::optional<std::string> Session::end_request(uint16_t packet_id) {
  const auto request = std::ranges::find(requests_, packet_id, &Request::packet_id);
  if (request == requests_.end()) return std::nullopt;
  std::string why = std::move(request->why);
  requests_.erase(request);
  if (!takes_packets()) return std::nullopt;
  return why;
}

void Session::subscribed(uint16_t packet_id, std::span<const ReasonCode> codes) {
  const auto why = end_request(packet_id);
  if (!why) return;
  const size_t begin = channel_->out().size();
  encode_suback(packet_id, codes, version_, channel_->out(), reason_text(*why));  // [MQTT-3.8.4-1]
  channel_->keep_if_it_fits(begin);
}

void Session::unsubscribed(uint16_t packet_id, std::span<const ReasonCode> codes) {
  if (!end_request(packet_id)) return;
  const size_t begin = channel_->out().size();
  encode_unsuback(packet_id, codes, version_, channel_->out());  // [MQTT-3.10.4-4]
  channel_->keep_if_it_fits(begin);
}

// Only for clients that want reasons [MQTT-3.1.2-29], and left out where it would not fit.
ReasonText Session::reason_text(std::string_view why) const {
  if (!channel_->wants_reason_text) return {};
  return {why, channel_->client_packet_bytes_max};
}

std::vector<uint16_t> Session::incoming_ids() const {
  std::vector<uint16_t> ids;
  for (const auto& [id, incoming] : incoming_qos2_) ids.push_back(id);
  return ids;
}

std::vector<uint16_t> Session::released_ids() {
  std::vector<uint16_t> ids;
  outbox_.for_each([&](const Outbox::InFlight& flight) {
    if (flight.stage != Outbox::Stage::sent) ids.push_back(flight.packet_id);
  });
  return ids;
}

void Session::restore_subscription(const std::string& filter, const SubscriptionOptions& options) {
  filters_.insert_or_assign(filter, options);
  context_.subscriptions.add(filter, this, options);
}

void Session::restore_incoming(uint16_t packet_id) {
  incoming_qos2_.try_emplace(packet_id, Incoming{true, 0});
}

}  // namespace headgate::broker
