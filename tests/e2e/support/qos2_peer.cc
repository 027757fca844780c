#include "tests/e2e/support/qos2_peer.h"

#include <algorithm>
#include <charconv>

#include "broker/codec/packets/ack.h"
#include "tests/support/client_codec.h"

namespace headgate::e2e {
namespace {

using broker::PacketType;
using broker::ReasonCode;
using broker::Version;

constexpr size_t kWindow = 20;
constexpr uint16_t kIdMax = 500;  // small, so that ids are used again and again

void send_ack(RawSocket& socket, PacketType type, uint16_t id) {
  std::string bytes;
  encode_ack(type, id, ReasonCode::success, Version::v3_1_1, bytes);
  socket.send(bytes);
}

}  // namespace

void Qos2Peer::run_until_lost(uint16_t port) {
  still_to_publish_ = UINT64_MAX;
  (void)run(port, Time::max());
}

bool Qos2Peer::finish(uint16_t port, std::chrono::milliseconds patience) {
  const Time deadline = std::chrono::steady_clock::now() + patience;
  still_to_publish_ = 1;
  while (std::chrono::steady_clock::now() < deadline) {
    if (run(port, deadline)) return true;
  }
  return false;
}

bool Qos2Peer::run(uint16_t port, Time deadline) {
  RawSocket socket(port);
  introduce(socket);
  size_t read = 0;
  for (;;) {
    publish_more(socket);
    if (open_.empty() && held_.empty() && got_.size() >= published()) return true;
    if (std::chrono::steady_clock::now() >= deadline || !socket.receive(read + 1, 2s)) return false;
    for (;;) {
      const auto rest = std::string_view(socket.received()).substr(read);
      const broker::NextFrame next = broker::next_frame(rest, SIZE_MAX);
      if (next.kind != broker::NextFrame::Kind::frame) break;
      answer(socket, next.frame);
      read += next.frame.bytes;
    }
  }
}

void Qos2Peer::introduce(RawSocket& socket) {
  broker::Connect connect;
  connect.client_id = client_id_;
  connect.keep_alive_s = 60;
  broker::SubscriptionRequest request;
  request.filter.text = topic_;
  request.qos = 2;
  std::string bytes;
  testing::encode_connect(connect, bytes);
  testing::encode_subscribe({static_cast<uint16_t>(kIdMax + 1), 0, {request}}, Version::v3_1_1, bytes);
  socket.send(bytes);
  for (const uint16_t id : order_) {  // [MQTT-4.4.0-1]
    const Open& open = open_.at(id);
    open.released ? send_ack(socket, PacketType::pubrel, id) : send_publish(socket, id, open, true);
  }
}

void Qos2Peer::publish_more(RawSocket& socket) {
  for (; still_to_publish_ > 0 && open_.size() < kWindow; --still_to_publish_) {
    do {
      last_id_ = static_cast<uint16_t>(last_id_ % kIdMax + 1);
    } while (open_.contains(last_id_));
    const Open& open = open_[last_id_] = {next_++, false};
    order_.push_back(last_id_);
    send_publish(socket, last_id_, open, false);
  }
}

void Qos2Peer::send_publish(RawSocket& socket, uint16_t id, const Open& open, bool dup) const {
  const std::string number = std::to_string(open.number);
  broker::Publish publish;
  publish.topic = topic_;
  publish.payload = number;
  publish.packet_id = id;
  publish.qos = 2;
  publish.dup = dup;
  std::string bytes;
  testing::encode_publish(publish, Version::v3_1_1, bytes);
  socket.send(bytes);
}

void Qos2Peer::answer(RawSocket& socket, const broker::Frame& frame) {
  if (frame.type == PacketType::publish) {
    testing::PublishFromServer packet;
    (void)testing::decode_server_publish(frame.body, frame.flags, Version::v3_1_1, packet);
    const std::string_view payload = packet.publish.payload;
    if (held_.insert(packet.publish.packet_id).second) {  // [MQTT-4.3.3-10]
      uint64_t number = 0;
      std::from_chars(payload.data(), payload.data() + payload.size(), number);
      got_.push_back(number);
    }
    return send_ack(socket, PacketType::pubrec, packet.publish.packet_id);
  }
  broker::Ack ack;
  const bool is_ack = frame.type == PacketType::pubrec || frame.type == PacketType::pubrel ||
                      frame.type == PacketType::pubcomp;
  if (!is_ack || is_error(decode_ack(frame.type, frame.body, Version::v3_1_1, ack))) return;
  if (frame.type == PacketType::pubrel) {
    held_.erase(ack.packet_id);
    return send_ack(socket, PacketType::pubcomp, ack.packet_id);
  }
  const auto open = open_.find(ack.packet_id);
  if (open == open_.end()) return;
  if (frame.type == PacketType::pubrec) {
    open->second.released = true;
    return send_ack(socket, PacketType::pubrel, ack.packet_id);
  }
  open_.erase(open);
  std::erase(order_, ack.packet_id);
}

}  // namespace headgate::e2e
