#include "tests/fuzz/codec_target.h"

#include <cstdint>
#include <string>
#include <vector>

#include "broker/codec/frame.h"
#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/auth.h"
#include "broker/codec/packets/connect.h"
#include "broker/codec/packets/disconnect.h"
#include "broker/codec/packets/ping.h"
#include "broker/codec/packets/publish.h"
#include "broker/codec/packets/subscribe.h"
#include "broker/codec/packets/unsubscribe.h"
#include "broker/codec/topic_filter.h"
#include "broker/codec/wire.h"
#include "broker/dialect/bag.h"
#include "broker/dialect/translator.h"
#include "broker/session/channel.h"
#include "core/topic.h"
#include "tests/fuzz/must.h"
#include "tests/support/client_codec.h"

namespace headgate::fuzz {
namespace {

using broker::Frame;
using broker::NextFrame;
using broker::PacketType;
using broker::ReasonCode;
using broker::Version;

constexpr size_t kPacketBytesMax = 4096;

// A stream taken apart: whole packets, and how it ended.
struct Cut {
  std::vector<std::string> packets;
  ReasonCode end = ReasonCode::success;

  friend bool operator==(const Cut&, const Cut&) = default;
};

std::string bytes_of(const Frame& frame) {
  std::string bytes;
  broker::append_u8(bytes, static_cast<uint8_t>(static_cast<unsigned>(frame.type) << 4 | frame.flags));
  broker::append_varint(bytes, frame.body.size());
  return bytes.append(frame.body);
}

Cut cut_whole(std::string_view stream) {
  Cut cut;
  for (;;) {
    const NextFrame next = broker::next_frame(stream, kPacketBytesMax);
    if (next.kind == NextFrame::Kind::error) cut.end = next.error;
    if (next.kind != NextFrame::Kind::frame) return cut;
    must(next.frame.bytes <= stream.size(), "a packet lies within the bytes that came");
    cut.packets.push_back(bytes_of(next.frame));
    must(cut.packets.back() == stream.substr(0, next.frame.bytes), "a frame is the bytes it was cut from");
    stream.remove_prefix(next.frame.bytes);
  }
}

Cut cut_in_reads(std::string_view stream, size_t read_bytes) {
  broker::FrameAssembler assembler;
  Cut cut;
  while (!stream.empty()) {
    std::string_view read = stream.substr(0, read_bytes);
    stream.remove_prefix(read.size());
    for (;;) {
      const NextFrame next = assembler.next(read, kPacketBytesMax);
      if (next.kind == NextFrame::Kind::need_more) break;
      if (next.kind == NextFrame::Kind::error) return cut.end = next.error, cut;
      cut.packets.push_back(bytes_of(next.frame));
    }
    must(assembler.held_bytes() <= 2 * kPacketBytesMax, "an assembler holds no more than a packet");
  }
  return cut;
}

// The one packet in `bytes`, which our own encoder made.
Frame only_frame(std::string_view bytes) {
  const NextFrame next = broker::next_frame(bytes, SIZE_MAX);
  must(next.kind == NextFrame::Kind::frame && next.frame.bytes == bytes.size(),
       "an encoder makes one packet");
  return next.frame;
}

// ---- decode, encode, decode ----

void check_connect(const Frame& frame) {
  broker::Connect first;
  if (is_error(broker::decode_connect(frame.body, first))) return;
  // Our client leaves empty strings out, and then data would stand without its method.
  if (first.authentication_method == "") return;
  std::string once;
  testing::encode_connect(first, once);
  broker::Connect second;
  must(!is_error(broker::decode_connect(only_frame(once).body, second)), "CONNECT survives a round trip");
  std::string twice;
  testing::encode_connect(second, twice);
  must(once == twice, "CONNECT is the same after a round trip");
}

bool same(const broker::Publish& a, const broker::Publish& b) {
  const broker::MessageProperties& p = a.properties;
  const broker::MessageProperties& q = b.properties;
  return a.topic == b.topic && a.payload == b.payload && a.packet_id == b.packet_id && a.qos == b.qos &&
         a.retain == b.retain && a.dup == b.dup && a.topic_alias == b.topic_alias &&
         p.payload_is_utf8 == q.payload_is_utf8 && p.expiry_s == q.expiry_s &&
         p.content_type == q.content_type && p.response_topic == q.response_topic &&
         p.correlation_data == q.correlation_data && p.user == q.user;
}

void check_publish(const Frame& frame, Version version) {
  broker::Publish publish;
  if (is_error(broker::decode_publish(frame.body, frame.flags, version, publish))) return;
  broker::PublishOptions options;
  options.packet_id = publish.packet_id;
  options.qos = publish.qos;
  options.dup = publish.dup;
  options.retain = publish.retain;
  options.topic_alias = publish.topic_alias;
  options.expiry_s = publish.properties.expiry_s;
  std::string bytes;
  must(broker::encode_publish(publish, options, version, bytes), "what came in can go out");
  const Frame again = only_frame(bytes);
  broker::Publish read;
  must(!is_error(broker::decode_publish(again.body, again.flags, version, read)), "PUBLISH survives");
  must(same(publish, read), "PUBLISH is the same after a round trip");
  options.packet_bytes_max = bytes.size() - 1;
  std::string none;
  must(!broker::encode_publish(publish, options, version, none) && none.empty(), "a limit is kept to");
  std::string copy;
  broker::PublishTemplate(publish, options, version).append_to(copy, publish.packet_id, publish.dup);
  must(copy == bytes, "a template gives the bytes of the encoder");
}

void check_ack(const Frame& frame, Version version) {
  broker::Ack ack;
  if (is_error(broker::decode_ack(frame.type, frame.body, version, ack))) return;
  std::string bytes;
  broker::encode_ack(frame.type, ack.packet_id, ack.reason, version, bytes, {ack.reason_string});
  broker::Ack read;
  must(!is_error(broker::decode_ack(frame.type, only_frame(bytes).body, version, read)), "an ack survives");
  must(
      read.packet_id == ack.packet_id && read.reason == ack.reason && read.reason_string == ack.reason_string,
      "an acknowledgement is the same after a round trip");
}

void check_subscribe(const Frame& frame, Version version) {
  broker::Subscribe first;
  if (is_error(broker::decode_subscribe(frame.body, version, first))) return;
  std::string once;
  testing::encode_subscribe(first, version, once);
  broker::Subscribe second;
  must(!is_error(broker::decode_subscribe(only_frame(once).body, version, second)), "SUBSCRIBE survives");
  std::string twice;
  testing::encode_subscribe(second, version, twice);
  must(once == twice, "SUBSCRIBE is the same after a round trip");
}

void check_unsubscribe(const Frame& frame, Version version) {
  broker::Unsubscribe first;
  if (is_error(broker::decode_unsubscribe(frame.body, version, first))) return;
  std::string once;
  testing::encode_unsubscribe(first, version, once);
  broker::Unsubscribe second;
  must(!is_error(broker::decode_unsubscribe(only_frame(once).body, version, second)), "UNSUBSCRIBE survives");
  must(first.packet_id == second.packet_id && first.filters.size() == second.filters.size(),
       "UNSUBSCRIBE is the same after a round trip");
}

void check_disconnect(const Frame& frame, Version version) {
  broker::Disconnect first;
  if (is_error(broker::decode_disconnect(frame.body, version, first)) || version != Version::v5) return;
  std::string bytes;
  broker::encode_disconnect(first.reason, version, bytes, {first.reason_string});
  broker::Disconnect second;
  must(!is_error(testing::decode_server_disconnect(only_frame(bytes).body, second)), "DISCONNECT survives");
  must(first.reason == second.reason && first.reason_string == second.reason_string,
       "DISCONNECT is the same after a round trip");
}

void check_auth(const Frame& frame, Version version) {
  broker::Auth first;
  if (is_error(broker::decode_auth(frame.body, version, first)) || first.method.empty()) return;
  std::string bytes;
  broker::encode_auth(first, bytes);
  broker::Auth second;
  must(!is_error(broker::decode_auth(only_frame(bytes).body, version, second)), "AUTH survives");
  must(first.reason == second.reason && first.method == second.method && first.data == second.data,
       "AUTH is the same after a round trip");
}

void check_packet(const Frame& frame, Version version) {
  switch (frame.type) {
    case PacketType::connect:
      return check_connect(frame);
    case PacketType::publish:
      return check_publish(frame, version);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return check_ack(frame, version);
    case PacketType::subscribe:
      return check_subscribe(frame, version);
    case PacketType::unsubscribe:
      return check_unsubscribe(frame, version);
    case PacketType::pingreq:
      return (void)broker::decode_pingreq(frame.body);
    case PacketType::disconnect:
      return check_disconnect(frame, version);
    case PacketType::auth:
      return check_auth(frame, version);
    default:
      return;
  }
}

// The fast paths against the plain ones.
void check_text(std::string_view text) {
  must(broker::is_valid_text(text) == core::is_valid_utf8(text), "UTF-8 is judged as core judges it");
  must(broker::is_valid_topic(text) == core::is_valid_topic_name(text), "topics are judged as core does");
  broker::TopicFilter filter;
  if (is_error(broker::parse_topic_filter(text, filter))) return;
  must(core::is_valid_topic_filter(filter.filter), "a filter that is taken is one");
  must(filter.is_shared() == !filter.share.empty(), "a share has a name");
}

// What a client of IoT Edge says, as it comes out at another one.
void check_dialect(std::string_view text) {
  if (const auto bag = broker::decode_bag(text)) {
    std::string again = "/";
    for (const core::UserProperty& property : *bag)
      broker::append_to_bag(again, property.name, property.value);
    must(broker::decode_bag(std::string_view(again).substr(1)) == bag,
         "a bag is the same after a round trip");
  }
  const broker::Translator translator("e", "m", "e");
  const std::string topic = "devices/e/modules/m/messages/events/" + std::string(text);
  broker::Publish publish;
  publish.topic = topic;
  broker::Translated inside;
  std::string why;
  const ReasonCode bad = translator.publish(publish, inside, why);
  must(is_error(bad) == !why.empty(), "a refusal has words");
  if (is_error(bad)) return;
  must(core::is_valid_topic_name(inside.topic) && inside.topic.starts_with("modules/m/"),
       "a client keeps to its own");
  core::Message message;
  message.topic = "modules/m/inputs/i";
  message.properties = inside.properties;
  std::string wire;
  must(translator.topic_out(message, wire), "an input has a topic");
  must(wire.starts_with("devices/e/modules/m/inputs/i/") && wire.find_first_of("+# ") == std::string::npos,
       "a bag is encoded");
}

}  // namespace

void run_codec(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<uint8_t>(input.front());
  const Version version = (choice & 1) != 0 ? Version::v5 : Version::v3_1_1;
  const std::string_view stream = input.substr(1);
  const Cut cut = cut_whole(stream);
  must(cut == cut_in_reads(stream, 1 + (choice >> 1)), "packets do not depend on how they are read");
  for (const std::string& packet : cut.packets) {
    // A block of its own size, so that the sanitizer sees every read beyond it.
    const std::vector<char> exact(packet.begin(), packet.end());
    check_packet(only_frame({exact.data(), exact.size()}), version);
  }
  const std::vector<char> exact(stream.begin(), stream.end());
  check_text({exact.data(), exact.size()});
  if (broker::is_valid_topic({exact.data(), exact.size()})) check_dialect({exact.data(), exact.size()});
}

}  // namespace headgate::fuzz
