#include "store/format/record_codec.h"

#include <memory>
#include <utility>

#include "store/format/varint.h"

namespace headgate::store {
namespace {

// The first byte of a record: qos in the two low bits, then what is present.
constexpr uint8_t kQosMask = 0x03;
constexpr uint8_t kRetain = 0x04;
constexpr uint8_t kHasProperties = 0x08;
constexpr uint8_t kHasSource = 0x10;
constexpr uint8_t kHasExpiry = 0x20;
constexpr uint8_t kHasHops = 0x40;
constexpr uint8_t kForeignSource = 0x80;

uint8_t flags_of(const core::Message& message) {
  unsigned flags = message.qos & kQosMask;
  if (message.retain) flags |= kRetain;
  if (message.properties) flags |= kHasProperties;
  if (message.source) flags |= kHasSource;
  if (message.expires_ms != 0) flags |= kHasExpiry;
  if (message.hops != 0) flags |= kHasHops;
  if (message.source && message.source->foreign) flags |= kForeignSource;
  return static_cast<uint8_t>(flags);
}

void encode_properties(const core::Properties& properties, std::string& out) {
  put_u8(out, properties.payload_is_utf8 ? 1 : 0);
  put_string(out, properties.content_type);
  put_string(out, properties.content_encoding);
  put_string(out, properties.response_topic);
  put_string(out, properties.correlation_data);
  put_varint(out, properties.user.size());
  for (const core::UserProperty& user : properties.user) {
    put_string(out, user.name);
    put_string(out, user.value);
  }
}

std::shared_ptr<const core::Properties> decode_properties(Decoder& in) {
  auto properties = std::make_shared<core::Properties>();
  properties->payload_is_utf8 = in.u8() != 0;
  properties->content_type = in.string();
  properties->content_encoding = in.string();
  properties->response_topic = in.string();
  properties->correlation_data = in.string();
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    std::string name(in.string());
    properties->user.push_back({std::move(name), std::string(in.string())});
  }
  return properties;
}

void encode_source(const core::Source& source, std::string& out) {
  put_string(out, source.client_id);
  put_string(out, source.device);
  put_string(out, source.module);
}

std::shared_ptr<const core::Source> decode_source(Decoder& in, bool foreign) {
  auto source = std::make_shared<core::Source>();
  source->client_id = in.string();
  source->device = in.string();
  source->module = in.string();
  source->foreign = foreign;
  return source;
}

}  // namespace

uint64_t stored_bytes(const core::Message& message) {
  uint64_t sum = message.topic.size() + message.body.size();
  if (!message.properties) return sum;
  const core::Properties& properties = *message.properties;
  sum += properties.content_type.size() + properties.content_encoding.size() +
         properties.response_topic.size() + properties.correlation_data.size();
  for (const core::UserProperty& user : properties.user) sum += user.name.size() + user.value.size();
  return sum;
}

void encode_record(const core::Message& message, std::string& out) {
  put_u8(out, flags_of(message));
  put_varint(out, static_cast<uint64_t>(message.arrived_ms));
  if (message.expires_ms != 0) put_varint(out, static_cast<uint64_t>(message.expires_ms));
  if (message.hops != 0) put_u8(out, message.hops);
  if (message.source) encode_source(*message.source, out);
  if (message.properties) encode_properties(*message.properties, out);
  put_string(out, message.topic);
  put_string(out, message.body);
}

core::Result<core::MessagePtr> decode_record(core::Bytes bytes, std::optional<int64_t> arrived_hub_ms) {
  Decoder in(bytes);
  auto message = std::make_shared<core::Message>();
  const uint8_t flags = in.u8();
  message->qos = flags & kQosMask;
  message->retain = (flags & kRetain) != 0;
  message->arrived_ms = static_cast<int64_t>(in.varint());
  message->arrived_hub_ms = arrived_hub_ms.value_or(message->arrived_ms);
  if (flags & kHasExpiry) message->expires_ms = static_cast<int64_t>(in.varint());
  if (flags & kHasHops) message->hops = in.u8();
  if (flags & kHasSource) message->source = decode_source(in, (flags & kForeignSource) != 0);
  if (flags & kHasProperties) message->properties = decode_properties(in);
  message->topic = in.string();
  message->body = in.string();
  if (!in.ok()) return core::fail(core::Errc::corrupt, "a stored message cannot be decoded");
  return core::MessagePtr(std::move(message));
}

}  // namespace headgate::store
