#include "tests/broker/codec/judge.h"

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/auth.h"
#include "broker/codec/packets/connect.h"
#include "broker/codec/packets/disconnect.h"
#include "broker/codec/packets/ping.h"
#include "broker/codec/packets/publish.h"
#include "broker/codec/packets/subscribe.h"
#include "broker/codec/packets/unsubscribe.h"

namespace headgate::testing {

using broker::PacketType;
using broker::ReasonCode;
using broker::Version;

namespace {

template <typename Packet>
ReasonCode decode_with(ReasonCode (*decode)(std::string_view, Version, Packet&), const broker::Frame& frame,
                       Version version) {
  Packet packet;
  return decode(frame.body, version, packet);
}

ReasonCode judge_publish(const broker::Frame& frame, Version version) {
  broker::Publish publish;
  return broker::decode_publish(frame.body, frame.flags, version, publish);
}

ReasonCode judge_connect(const broker::Frame& frame) {
  broker::Connect connect;
  return broker::decode_connect(frame.body, connect);
}

ReasonCode judge_ack(const broker::Frame& frame, Version version) {
  broker::Ack ack;
  return broker::decode_ack(frame.type, frame.body, version, ack);
}

}  // namespace

ReasonCode judge_frame(const broker::Frame& frame, Version version) {
  if (!broker::client_may_send(frame.type)) return ReasonCode::protocol_error;
  switch (frame.type) {
    case PacketType::connect:
      return judge_connect(frame);
    case PacketType::publish:
      return judge_publish(frame, version);
    case PacketType::subscribe:
      return decode_with(broker::decode_subscribe, frame, version);
    case PacketType::unsubscribe:
      return decode_with(broker::decode_unsubscribe, frame, version);
    case PacketType::pingreq:
      return broker::decode_pingreq(frame.body);
    case PacketType::disconnect:
      return decode_with(broker::decode_disconnect, frame, version);
    case PacketType::auth:
      return decode_with(broker::decode_auth, frame, version);
    default:
      return judge_ack(frame, version);
  }
}

std::optional<ReasonCode> judge(std::string_view bytes, Version version) {
  const broker::NextFrame next = broker::next_frame(bytes, bytes.size() + 1024);
  if (next.kind == broker::NextFrame::Kind::need_more) return std::nullopt;
  if (next.kind == broker::NextFrame::Kind::error) return next.error;
  return judge_frame(next.frame, version);
}

}  // namespace headgate::testing
