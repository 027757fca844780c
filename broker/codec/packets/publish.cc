#include "broker/codec/packets/publish.h"

#include <algorithm>

#include "broker/codec/topic_filter.h"
#include "broker/codec/wire.h"

namespace headgate::broker {
namespace {

constexpr uint8_t kPublishFirstByte = 0x30;
constexpr uint8_t kDup = 0x08;

ReasonCode decode_properties(Reader& packet, Publish& out) {
  PropertyReader properties(packet, PropertyPlace::publish);
  Property property;
  while (properties.next(property)) {
    if (property.id == PropertyId::topic_alias) {
      out.topic_alias = static_cast<uint16_t>(property.number);
      if (out.topic_alias == 0) return ReasonCode::topic_alias_invalid;
      continue;
    }
    const ReasonCode reason = take_message_property(property, out.properties);
    if (reason != ReasonCode::success) return reason;
  }
  return properties.status();
}

ReasonCode check(const Publish& publish, Version version) {
  if (publish.topic.empty() && version == Version::v5) {
    if (publish.topic_alias == 0) return ReasonCode::protocol_error;
  } else {
    // [MQTT-4.7.0-1]; 3.1.1 [MQTT-3.3.2-2, MQTT-4.7.1-1]
    const ReasonCode reason = check_topic_name(publish.topic);
    if (reason != ReasonCode::success) return reason;
  }
  // 3.1.1 [MQTT-2.3.1-1]
  return publish.qos > 0 && publish.packet_id == 0 ? ReasonCode::protocol_error : ReasonCode::success;
}

// Message as the encoder sees it, whichever of the two kinds it came from. User is core::UserProperty or
// UserPropertyView.
template <typename User>
struct Source {
  std::string_view topic;
  std::string_view payload;
  bool payload_is_utf8;
  std::string_view content_type;
  std::string_view response_topic;
  std::string_view correlation_data;
  std::span<const User> user;
};

Source<core::UserProperty> source_of(const core::Message& message) {
  const core::Properties& properties = message.props();
  return {message.topic,
          message.body,
          properties.payload_is_utf8,
          properties.content_type,
          properties.response_topic,
          properties.correlation_data,
          properties.user};
}

Source<UserPropertyView> source_of(const Publish& publish) {
  const MessageProperties& properties = publish.properties;
  return {publish.topic,           publish.payload,           properties.payload_is_utf8,
          properties.content_type, properties.response_topic, properties.correlation_data,
          properties.user};
}

size_t string_property_bytes(std::string_view text) { return text.empty() ? 0 : 3 + text.size(); }

template <typename User>
size_t section_bytes(const Source<User>& source, const PublishOptions& options) {
  size_t bytes = source.payload_is_utf8 ? 2 : 0;
  if (options.expiry_s) bytes += 5;
  if (options.topic_alias != 0) bytes += 3;
  bytes += string_property_bytes(source.content_type) + string_property_bytes(source.response_topic) +
           string_property_bytes(source.correlation_data);
  for (const uint32_t id : options.subscription_ids) bytes += 1 + varint_bytes(id);
  for (const User& user : source.user) bytes += 5 + user.name.size() + user.value.size();
  return bytes;
}

// False if a string is too long for its two bytes of length.
// [MQTT-4.7.3-3]; 3.1.1 [MQTT-4.7.3-3]
template <typename User>
bool strings_fit(const Source<User>& source) {
  const size_t longest = std::max({source.topic.size(), source.content_type.size(),
                                   source.response_topic.size(), source.correlation_data.size()});
  return longest <= kStringBytesMax && std::ranges::all_of(source.user, [](const User& user) {
           return user.name.size() <= kStringBytesMax && user.value.size() <= kStringBytesMax;
         });
}

char* put_id(char* at, PropertyId id) { return put_u8(at, static_cast<uint8_t>(id)); }

char* put_string_property(char* at, PropertyId id, std::string_view text) {
  return text.empty() ? at : put_string(put_id(at, id), text);
}

// [MQTT-3.3.2-4, MQTT-3.3.2-15, MQTT-3.3.2-16, MQTT-3.3.2-17, MQTT-3.3.2-20]
template <typename User>
char* put_section(char* at, const Source<User>& source, const PublishOptions& options) {
  if (source.payload_is_utf8) at = put_u8(put_id(at, PropertyId::payload_format_indicator), 1);
  if (options.expiry_s) at = put_u32(put_id(at, PropertyId::message_expiry_interval), *options.expiry_s);
  if (options.topic_alias != 0) at = put_u16(put_id(at, PropertyId::topic_alias), options.topic_alias);
  at = put_string_property(at, PropertyId::content_type, source.content_type);
  at = put_string_property(at, PropertyId::response_topic, source.response_topic);
  at = put_string_property(at, PropertyId::correlation_data, source.correlation_data);
  for (const uint32_t id : options.subscription_ids)
    at = put_varint(put_id(at, PropertyId::subscription_identifier), id);
  for (const User& user : source.user)
    at = put_string(put_string(put_id(at, PropertyId::user_property), user.name), user.value);
  return at;
}

uint8_t first_byte(const PublishOptions& options) {
  return static_cast<uint8_t>(kPublishFirstByte | (options.dup ? kDup : 0) | options.qos << 1 |
                              (options.retain ? 1 : 0));
}

template <typename User>
bool encode(const Source<User>& source, const PublishOptions& options, Version version, std::string& out) {
  if (!strings_fit(source)) return false;
  const bool v5 = version == Version::v5;
  const std::string_view topic = v5 && options.topic_known ? std::string_view{} : source.topic;
  const size_t section = v5 ? section_bytes(source, options) : 0;
  const size_t head =
      2 + topic.size() + (options.qos > 0 ? 2 : 0) + (v5 ? varint_bytes(section) + section : 0);
  const size_t length = head + source.payload.size();
  const size_t total = 1 + varint_bytes(length) + length;
  if (length > kVarintMax || total > options.packet_bytes_max) return false;
  if (out.capacity() < out.size() + total) out.reserve(out.size() + total);
  char* at = grow(out, total - source.payload.size());
  at = put_varint(put_u8(at, first_byte(options)), length);
  at = put_string(at, topic);
  // [MQTT-2.2.1-2, MQTT-4.3.1-1]; 3.1.1 [MQTT-2.3.1-5, MQTT-4.3.1-1]
  if (options.qos > 0) at = put_u16(at, options.packet_id);
  // [MQTT-2.2.2-1]
  if (v5) put_section(put_varint(at, section), source, options);
  out.append(source.payload);
  return true;
}

// Where a PUBLISH with QoS 1 or 2 has its packet id: behind the fixed header and the topic.
size_t find_packet_id(std::string_view packet) {
  size_t at = 1;
  while (static_cast<uint8_t>(packet[at]) >= 0x80) ++at;
  Reader variable_header(packet.substr(at + 1));
  return at + 3 + variable_header.u16();
}

template <typename From>
std::string encode_template(const From& from, PublishOptions& options, Version version) {
  std::string packet;
  options.dup = false;
  options.packet_bytes_max = std::numeric_limits<size_t>::max();
  if (!encode(source_of(from), options, version, packet)) packet.clear();
  return packet;
}

}  // namespace

ReasonCode decode_publish(std::string_view body, uint8_t flags, Version version, Publish& out) {
  out.qos = flags >> 1 & 3;
  out.dup = (flags & kDup) != 0;
  out.retain = (flags & 1) != 0;
  out.topic_alias = 0;
  out.properties.clear();
  if (out.qos == 3 || (out.dup && out.qos == 0)) return ReasonCode::malformed_packet;
  Reader packet(body);
  // [MQTT-3.3.2-1]; 3.1.1 [MQTT-3.3.2-1]
  out.topic = packet.binary();
  out.packet_id = out.qos > 0 ? packet.u16() : uint16_t{0};
  if (version == Version::v5) {
    const ReasonCode reason = decode_properties(packet, out);
    if (reason != ReasonCode::success) return reason;
  }
  out.payload = packet.rest();
  return packet.failed() ? ReasonCode::malformed_packet : check(out, version);
}

bool encode_publish(const core::Message& message, const PublishOptions& options, Version version,
                    std::string& out) {
  return encode(source_of(message), options, version, out);
}

bool encode_publish(const Publish& publish, const PublishOptions& options, Version version,
                    std::string& out) {
  return encode(source_of(publish), options, version, out);
}

PublishTemplate::PublishTemplate(const core::Message& message, PublishOptions options, Version version)
    : packet_(encode_template(message, options, version)),
      packet_id_at_(options.qos > 0 && !packet_.empty() ? find_packet_id(packet_) : 0) {}

PublishTemplate::PublishTemplate(const Publish& publish, PublishOptions options, Version version)
    : packet_(encode_template(publish, options, version)),
      packet_id_at_(options.qos > 0 && !packet_.empty() ? find_packet_id(packet_) : 0) {}

void PublishTemplate::append_to(std::string& out, uint16_t packet_id, bool dup) const {
  const size_t start = out.size();
  out.append(packet_);
  if (packet_id_at_ == 0) return;
  put_u16(out.data() + start + packet_id_at_, packet_id);
  if (dup) out[start] = static_cast<char>(out[start] | kDup);
}

}  // namespace headgate::broker
