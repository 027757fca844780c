#include "tests/support/client_codec.h"

#include <optional>
#include <utility>

#include "broker/codec/properties.h"
#include "broker/codec/wire.h"

namespace headgate::testing {

using broker::append_property_string;
using broker::append_property_u16;
using broker::append_property_u32;
using broker::append_property_u8;
using broker::append_string;
using broker::append_u16;
using broker::append_u8;
using broker::append_varint;
using broker::Property;
using broker::PropertyId;
using broker::PropertyPlace;
using broker::PropertyReader;
using broker::Reader;
using broker::ReasonCode;
using broker::Sender;
using broker::Version;

namespace {

void append_packet(std::string& out, uint8_t first_byte, std::string_view body) {
  append_u8(out, first_byte);
  append_varint(out, body.size());
  out.append(body);
}

void append_section(std::string& out, std::string_view section) {
  append_varint(out, section.size());
  out.append(section);
}

std::string message_section(const broker::MessageProperties& properties) {
  std::string section;
  if (properties.payload_is_utf8) append_property_u8(section, PropertyId::payload_format_indicator, 1);
  if (properties.expiry_s)
    append_property_u32(section, PropertyId::message_expiry_interval, *properties.expiry_s);
  append_property_string(section, PropertyId::content_type, properties.content_type);
  append_property_string(section, PropertyId::response_topic, properties.response_topic);
  append_property_string(section, PropertyId::correlation_data, properties.correlation_data);
  for (const auto& [name, value] : properties.user) {
    append_u8(section, static_cast<uint8_t>(PropertyId::user_property));
    append_string(section, name);
    append_string(section, value);
  }
  return section;
}

std::string connect_section(const broker::Connect& connect) {
  using Id = PropertyId;
  std::string section;
  if (connect.session_expiry_s != 0)
    append_property_u32(section, Id::session_expiry_interval, connect.session_expiry_s);
  if (connect.receive_maximum != 65'535)
    append_property_u16(section, Id::receive_maximum, connect.receive_maximum);
  if (connect.packet_bytes_max != 0)
    append_property_u32(section, Id::maximum_packet_size, connect.packet_bytes_max);
  if (connect.topic_alias_maximum != 0)
    append_property_u16(section, Id::topic_alias_maximum, connect.topic_alias_maximum);
  if (connect.request_response_information) append_property_u8(section, Id::request_response_information, 1);
  if (!connect.request_problem_information) append_property_u8(section, Id::request_problem_information, 0);
  append_property_string(section, Id::authentication_method, connect.authentication_method.value_or(""));
  append_property_string(section, Id::authentication_data, connect.authentication_data);
  return section;
}

uint8_t connect_flags(const broker::Connect& connect) {
  unsigned flags = connect.clean_start ? 0x02 : 0;
  if (connect.will) flags |= 0x04U | unsigned{connect.will->qos} << 3 | (connect.will->retain ? 0x20U : 0U);
  if (connect.password) flags |= 0x40;
  if (connect.username) flags |= 0x80;
  return static_cast<uint8_t>(flags);
}

void append_will(std::string& body, const broker::Will& will, Version version) {
  if (version == Version::v5) {
    std::string section = message_section(will.properties);
    if (will.delay_s != 0) append_property_u32(section, PropertyId::will_delay_interval, will.delay_s);
    append_section(body, section);
  }
  append_string(body, will.topic);
  append_string(body, will.payload);
}

uint8_t subscription_options(const broker::SubscriptionRequest& request) {
  return static_cast<uint8_t>(request.qos | (request.no_local ? 4 : 0) |
                              (request.retain_as_published ? 8 : 0) |
                              static_cast<unsigned>(request.retain_handling) << 4);
}

// Calls `take` with every property of a server's section.
template <typename Take>
ReasonCode read_section(Reader& packet, PropertyPlace place, Take take) {
  PropertyReader properties(packet, place, Sender::server);
  Property property;
  while (properties.next(property)) take(property);
  return properties.status();
}

void take_connack_property(const Property& property, broker::Connack& out) {
  const auto number16 = static_cast<uint16_t>(property.number);
  switch (property.id) {
    case PropertyId::session_expiry_interval:
      out.session_expiry_s = property.number;
      break;
    case PropertyId::receive_maximum:
      out.receive_maximum = number16;
      break;
    case PropertyId::maximum_qos:
      out.maximum_qos = static_cast<uint8_t>(property.number);
      break;
    case PropertyId::retain_available:
      out.retain_available = property.number == 1;
      break;
    case PropertyId::maximum_packet_size:
      out.packet_bytes_max = property.number;
      break;
    case PropertyId::assigned_client_identifier:
      out.assigned_client_id = property.text;
      break;
    case PropertyId::topic_alias_maximum:
      out.topic_alias_maximum = number16;
      break;
    case PropertyId::wildcard_subscription_available:
      out.wildcard_subscriptions_available = property.number == 1;
      break;
    case PropertyId::subscription_identifier_available:
      out.subscription_identifiers_available = property.number == 1;
      break;
    case PropertyId::shared_subscription_available:
      out.shared_subscriptions_available = property.number == 1;
      break;
    case PropertyId::server_keep_alive:
      out.server_keep_alive_s = number16;
      break;
    case PropertyId::authentication_method:
      out.authentication_method = property.text;
      break;
    case PropertyId::authentication_data:
      out.authentication_data = property.text;
      break;
    case PropertyId::reason_string:
      out.reason_text.text = property.text;
      break;
    default:
      break;
  }
}

ReasonCode decode_answers(std::string_view body, Version version, PropertyPlace place, Answers& out) {
  out = {};
  Reader packet(body);
  out.packet_id = packet.u16();
  if (version == Version::v5) {
    const ReasonCode reason = read_section(packet, place, [&](const Property& property) {
      if (property.id == PropertyId::reason_string) out.reason_string = property.text;
    });
    if (reason != ReasonCode::success) return reason;
  }
  while (!packet.empty()) out.reasons.push_back(static_cast<ReasonCode>(packet.u8()));
  return packet.failed() ? ReasonCode::malformed_packet : ReasonCode::success;
}

}  // namespace

void encode_connect(const broker::Connect& connect, std::string& out) {
  std::string body;
  append_string(body, connect.is_v3_1 ? "MQIsdp" : "MQTT");
  append_u8(body, connect.is_v3_1 ? 3 : static_cast<uint8_t>(connect.version));
  append_u8(body, connect_flags(connect));
  append_u16(body, connect.keep_alive_s);
  if (connect.version == Version::v5) append_section(body, connect_section(connect));
  append_string(body, connect.client_id);
  if (connect.will) append_will(body, *connect.will, connect.version);
  if (connect.username) append_string(body, *connect.username);
  if (connect.password) append_string(body, *connect.password);
  append_packet(out, 0x10, body);
}

void encode_publish(const broker::Publish& publish, Version version, std::string& out) {
  std::string body;
  append_string(body, publish.topic);
  if (publish.qos > 0) append_u16(body, publish.packet_id);
  if (version == Version::v5) {
    std::string section = message_section(publish.properties);
    if (publish.topic_alias != 0) append_property_u16(section, PropertyId::topic_alias, publish.topic_alias);
    append_section(body, section);
  }
  body.append(publish.payload);
  const unsigned flags = (publish.dup ? 8U : 0U) | unsigned{publish.qos} << 1 | (publish.retain ? 1U : 0U);
  append_packet(out, static_cast<uint8_t>(0x30 | flags), body);
}

void encode_subscribe(const broker::Subscribe& subscribe, Version version, std::string& out) {
  std::string body;
  append_u16(body, subscribe.packet_id);
  if (version == Version::v5) {
    std::string section;
    if (subscribe.subscription_id != 0) {
      append_u8(section, static_cast<uint8_t>(PropertyId::subscription_identifier));
      append_varint(section, subscribe.subscription_id);
    }
    append_section(body, section);
  }
  for (const auto& request : subscribe.requests) {
    append_string(body, request.filter.text);
    append_u8(body, version == Version::v5 ? subscription_options(request) : request.qos);
  }
  append_packet(out, 0x82, body);
}

void encode_unsubscribe(const broker::Unsubscribe& unsubscribe, Version version, std::string& out) {
  std::string body;
  append_u16(body, unsubscribe.packet_id);
  if (version == Version::v5) append_section(body, {});
  for (const auto& filter : unsubscribe.filters) append_string(body, filter.text);
  append_packet(out, 0xA2, body);
}

void encode_pingreq(std::string& out) { append_packet(out, 0xC0, {}); }

void encode_client_disconnect(const broker::Disconnect& disconnect, Version version, std::string& out) {
  if (version == Version::v3_1_1) return append_packet(out, 0xE0, {});
  std::string section;
  if (disconnect.session_expiry_s)
    append_property_u32(section, PropertyId::session_expiry_interval, *disconnect.session_expiry_s);
  append_property_string(section, PropertyId::reason_string, disconnect.reason_string);
  std::string body;
  append_u8(body, static_cast<uint8_t>(disconnect.reason));
  append_section(body, section);
  append_packet(out, 0xE0, body);
}

ReasonCode decode_connack(std::string_view body, Version version, broker::Connack& out) {
  out = {};
  Reader packet(body);
  out.session_present = packet.u8() == 1;
  out.reason = static_cast<ReasonCode>(packet.u8());
  if (version == Version::v5) {
    const ReasonCode reason = read_section(packet, PropertyPlace::connack, [&](const Property& property) {
      take_connack_property(property, out);
    });
    if (reason != ReasonCode::success) return reason;
  }
  return packet.done() ? ReasonCode::success : ReasonCode::malformed_packet;
}

ReasonCode decode_suback(std::string_view body, Version version, Answers& out) {
  return decode_answers(body, version, PropertyPlace::suback, out);
}

ReasonCode decode_unsuback(std::string_view body, Version version, Answers& out) {
  return decode_answers(body, version, PropertyPlace::unsuback, out);
}

ReasonCode decode_server_disconnect(std::string_view body, broker::Disconnect& out) {
  out = {};
  if (body.empty()) return ReasonCode::success;
  Reader packet(body);
  out.reason = static_cast<ReasonCode>(packet.u8());
  if (packet.empty()) return ReasonCode::success;
  const ReasonCode reason = read_section(packet, PropertyPlace::disconnect, [&](const Property& property) {
    if (property.id == PropertyId::reason_string) out.reason_string = property.text;
  });
  if (reason != ReasonCode::success) return reason;
  return packet.done() ? ReasonCode::success : ReasonCode::malformed_packet;
}

ReasonCode decode_server_publish(std::string_view body, uint8_t flags, Version version,
                                 PublishFromServer& out) {
  out = {};
  broker::Publish& publish = out.publish;
  publish.qos = flags >> 1 & 3;
  publish.dup = (flags & 8) != 0;
  publish.retain = (flags & 1) != 0;
  Reader packet(body);
  publish.topic = packet.utf8();
  if (publish.qos > 0) publish.packet_id = packet.u16();
  ReasonCode reason = ReasonCode::success;
  if (version == Version::v5) {
    reason = read_section(packet, PropertyPlace::publish, [&](const Property& property) {
      if (property.id == PropertyId::subscription_identifier) out.subscription_ids.push_back(property.number);
      if (property.id == PropertyId::topic_alias)
        publish.topic_alias = static_cast<uint16_t>(property.number);
      (void)broker::take_message_property(property, publish.properties);
    });
  }
  publish.payload = packet.rest();
  return packet.failed() ? ReasonCode::malformed_packet : reason;
}

}  // namespace headgate::testing
