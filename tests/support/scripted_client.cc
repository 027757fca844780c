#include "tests/support/scripted_client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/unsubscribe.h"
#include "tests/support/client_codec.h"

namespace headgate::testing {

using broker::Connect;
using broker::PacketType;
using broker::Publish;
using broker::ReasonCode;
using broker::Version;

namespace {

std::string hex(ReasonCode reason) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto code = static_cast<uint8_t>(reason);
  return {kDigits[code >> 4], kDigits[code & 0x0F]};
}

std::string text_of_properties(const broker::MessageProperties& properties) {
  std::string text;
  if (properties.payload_is_utf8) text += " utf8";
  if (!properties.content_type.empty()) text.append(" type:").append(properties.content_type);
  if (!properties.response_topic.empty()) text.append(" reply:").append(properties.response_topic);
  if (!properties.correlation_data.empty()) text.append(" corr:").append(properties.correlation_data);
  for (const broker::UserPropertyView& user : properties.user)
    text.append(" ").append(user.name).append(":").append(user.value);
  return text;
}

std::string text_of_publish(const broker::Frame& frame, Version version) {
  PublishFromServer packet;
  EXPECT_EQ(decode_server_publish(frame.body, frame.flags, version, packet), ReasonCode::success);
  const Publish& publish = packet.publish;
  std::string text = "PUBLISH q" + std::to_string(publish.qos);
  if (publish.qos > 0) text += " id" + std::to_string(publish.packet_id);
  if (publish.dup) text += " dup";
  if (publish.retain) text += " retain";
  if (publish.properties.expiry_s) text += " expiry" + std::to_string(*publish.properties.expiry_s);
  for (const uint32_t id : packet.subscription_ids) text += " sub" + std::to_string(id);
  if (publish.topic_alias != 0) text += " alias" + std::to_string(publish.topic_alias);
  text += text_of_properties(publish.properties);
  return text.append(" ").append(publish.topic).append("=").append(publish.payload);
}

}  // namespace

Connect v5(std::string_view client_id) {
  Connect connect;
  connect.version = Version::v5;
  connect.clean_start = true;
  connect.client_id = client_id;
  return connect;
}

Connect v3(std::string_view client_id) {
  Connect connect = v5(client_id);
  connect.version = Version::v3_1_1;
  return connect;
}

Connect kept(Connect connect, uint32_t expiry_s) {
  connect.clean_start = false;
  if (connect.version == Version::v5) connect.session_expiry_s = expiry_s;
  return connect;
}

Connect with_will(Connect connect, uint32_t delay_s) {
  broker::Will will;
  will.topic = "will";
  will.payload = "gone";
  will.qos = 1;
  will.delay_s = delay_s;
  connect.will = will;
  return connect;
}

Publish qos0(std::string_view topic, std::string_view payload) {
  Publish publish;
  publish.topic = topic;
  publish.payload = payload;
  return publish;
}

Publish qos1(uint16_t packet_id, std::string_view topic, std::string_view payload) {
  Publish publish = qos0(topic, payload);
  publish.qos = 1;
  publish.packet_id = packet_id;
  return publish;
}

Publish qos2(uint16_t packet_id, std::string_view topic, std::string_view payload) {
  Publish publish = qos1(packet_id, topic, payload);
  publish.qos = 2;
  return publish;
}

Publish dup(Publish publish) {
  publish.dup = true;
  return publish;
}

broker::SubscriptionRequest to(std::string_view filter, uint8_t qos) {
  broker::SubscriptionRequest request;
  request.filter.text = filter;
  request.qos = qos;
  return request;
}

// ---- connection ----

void ScriptedClient::open() {
  drop();
  channel_ = std::make_unique<broker::Channel>(shell_, "client");
  channel_->policy = policy_;
  socket_.clear();
  received_.clear();
  told_closed_ = false;
  good_bye_ = false;
  broker_.opened(*channel_, clock_.now());
}

Lines ScriptedClient::connect(const Connect& connect) {
  open();
  version_ = connect.version >= Version::v5 ? Version::v5 : Version::v3_1_1;
  std::string bytes;
  encode_connect(connect, bytes);
  return send(bytes);
}

void ScriptedClient::drop() {
  if (channel_) finish();
  told_closed_ = true;
}

void ScriptedClient::lose_hub() {
  channel_.reset();
  told_closed_ = true;
}

void ScriptedClient::finish() {
  broker_.closed(*channel_, clock_.now());
  channel_.reset();
}

// What the socket's shell does at the end of a loop turn.
void ScriptedClient::flush() {
  while (channel_) {
    channel_->settle();
    broker_.go_on(*channel_, clock_.now());
    const bool held_back = channel_->tell_drained || !broker_.wants_bytes(*channel_);
    give_to_socket();
    if (channel_->closing()) return finish();
    if (held_back && socket_.empty()) broker_.on_drained(*channel_, clock_.now());
    if (stalled_ || channel_->unsent_bytes() == 0) return;
  }
}

void ScriptedClient::give_to_socket() {
  channel_->take_out(socket_);
  if (!stalled_) take_from_socket();
  channel_->unsent_in_shell = socket_.size();
}

void ScriptedClient::take_from_socket() {
  bytes_received_ += socket_.size();
  received_.append(socket_);
  socket_.clear();
}

void ScriptedClient::resume() {
  stalled_ = false;
  if (!channel_) return;
  take_from_socket();
  channel_->unsent_in_shell = 0;
  broker_.on_drained(*channel_, clock_.now());
}

// ---- packets ----

Lines ScriptedClient::send(std::string_view bytes) {
  if (channel_) broker_.on_bytes(*channel_, bytes, clock_.now());
  return read();
}

Lines ScriptedClient::publish(const Publish& publish) {
  std::string bytes;
  encode_publish(publish, version_, bytes);
  return send(bytes);
}

Lines ScriptedClient::ack(PacketType type, uint16_t packet_id, ReasonCode reason) {
  std::string bytes;
  encode_ack(type, packet_id, reason, version_, bytes);
  return send(bytes);
}

Lines ScriptedClient::subscribe(uint16_t packet_id, std::vector<broker::SubscriptionRequest> requests,
                                uint32_t subscription_id) {
  std::string bytes;
  encode_subscribe({packet_id, subscription_id, std::move(requests)}, version_, bytes);
  return send(bytes);
}

Lines ScriptedClient::unsubscribe(uint16_t packet_id, const std::vector<std::string_view>& filters) {
  broker::Unsubscribe packet;
  packet.packet_id = packet_id;
  for (const std::string_view filter : filters) packet.filters.push_back({filter, {}, filter});
  std::string bytes;
  encode_unsubscribe(packet, version_, bytes);
  return send(bytes);
}

Lines ScriptedClient::ping() {
  std::string bytes;
  encode_pingreq(bytes);
  return send(bytes);
}

Lines ScriptedClient::disconnect(const broker::Disconnect& disconnect) {
  std::string bytes;
  encode_client_disconnect(disconnect, version_, bytes);
  return send(bytes);
}

Lines ScriptedClient::read() {
  flush();
  Lines lines;
  std::string_view rest = received_;
  for (;;) {
    const broker::NextFrame next = broker::next_frame(rest, SIZE_MAX);
    if (next.kind == broker::NextFrame::Kind::error) ADD_FAILURE() << "the broker sent no packet";
    if (next.kind != broker::NextFrame::Kind::frame) break;
    if (good_bye_) ADD_FAILURE() << "something follows DISCONNECT [MQTT-3.14.4-1]";
    lines.push_back(text_of(next.frame));
    largest_packet_ = std::max(largest_packet_, next.frame.bytes);
    rest.remove_prefix(next.frame.bytes);
  }
  received_.erase(0, received_.size() - rest.size());
  if (!channel_ && !told_closed_) {
    lines.push_back("closed");
    told_closed_ = true;
  }
  return lines;
}

std::string ScriptedClient::text_of_ack(const broker::Frame& frame) {
  broker::Ack ack;
  EXPECT_EQ(decode_ack(frame.type, frame.body, version_, ack), ReasonCode::success);
  reason_ = ack.reason_string;
  const std::string reason = ack.reason == ReasonCode::success ? "" : " " + hex(ack.reason);
  return std::string(name(frame.type)) + " " + std::to_string(ack.packet_id) + reason;
}

std::string ScriptedClient::text_of_answers(const broker::Frame& frame) {
  Answers answers;
  const bool suback = frame.type == PacketType::suback;
  EXPECT_EQ(
      suback ? decode_suback(frame.body, version_, answers) : decode_unsuback(frame.body, version_, answers),
      ReasonCode::success);
  reason_ = answers.reason_string;
  std::string text = std::string(name(frame.type)) + " " + std::to_string(answers.packet_id);
  for (const ReasonCode reason : answers.reasons) text += " " + hex(reason);
  return text;
}

std::string ScriptedClient::text_of(const broker::Frame& frame) {
  switch (frame.type) {
    case PacketType::connack:
      connack_body_ = frame.body;
      EXPECT_EQ(decode_connack(connack_body_, version_, connack_), ReasonCode::success);
      reason_ = connack_.reason_text.text;
      return "CONNACK " + hex(connack_.reason) + (connack_.session_present ? " present" : "");
    case PacketType::publish:
      return text_of_publish(frame, version_);
    case PacketType::suback:
    case PacketType::unsuback:
      return text_of_answers(frame);
    case PacketType::disconnect: {
      good_bye_ = true;
      broker::Disconnect packet;
      EXPECT_EQ(decode_server_disconnect(frame.body, packet), ReasonCode::success);
      reason_ = packet.reason_string;
      return "DISCONNECT " + hex(packet.reason);
    }
    case PacketType::pingresp:
      return "PINGRESP";
    default:
      return text_of_ack(frame);
  }
}

}  // namespace headgate::testing
