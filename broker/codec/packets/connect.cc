#include "broker/codec/packets/connect.h"

#include "broker/codec/topic_filter.h"

namespace headgate::broker {
namespace {

// The connect flags (MQTT 5.0 section 3.1.2.3).
struct Flags {
  uint8_t bits;

  [[nodiscard]] bool reserved() const { return (bits & 0x01) != 0; }
  [[nodiscard]] bool clean_start() const { return (bits & 0x02) != 0; }
  [[nodiscard]] bool will() const { return (bits & 0x04) != 0; }
  [[nodiscard]] uint8_t will_qos() const { return bits >> 3 & 3; }
  [[nodiscard]] bool will_retain() const { return (bits & 0x20) != 0; }
  [[nodiscard]] bool password() const { return (bits & 0x40) != 0; }
  [[nodiscard]] bool username() const { return (bits & 0x80) != 0; }
};

constexpr uint8_t kLevelOfV31 = 3;

// Bridges of Mosquitto set the level's high bit, and clear it when refused.
Version version_to_answer_in(uint8_t level) {
  return (level & 0x7F) > static_cast<uint8_t>(Version::v3_1_1) ? Version::v5 : Version::v3_1_1;
}

ReasonCode decode_protocol(Reader& packet, Connect& out) {
  const std::string_view protocol = packet.binary();
  const uint8_t level = packet.u8();
  if (packet.failed()) return ReasonCode::malformed_packet;
  out.version = version_to_answer_in(level);
  out.is_v3_1 = protocol == "MQIsdp" && level == kLevelOfV31;
  // 3.1.1 [MQTT-3.1.2-1, MQTT-3.1.2-2]
  const bool known = out.is_v3_1 || (protocol == "MQTT" && level == static_cast<uint8_t>(out.version));
  return known ? ReasonCode::success : ReasonCode::unsupported_protocol_version;
}

ReasonCode check_flags(Flags flags, Version version) {
  // 3.1.1 [MQTT-3.1.2-3]
  if (flags.reserved()) return ReasonCode::malformed_packet;  // [MQTT-3.1.2-3]
  // 3.1.1 [MQTT-3.1.2-14]
  if (flags.will_qos() == 3) return ReasonCode::malformed_packet;  // [MQTT-3.1.2-12]
  // 3.1.1 [MQTT-3.1.2-11, MQTT-3.1.2-13, MQTT-3.1.2-15]
  const bool stray_will = !flags.will() && (flags.will_qos() != 0 || flags.will_retain());
  // 3.1.1 [MQTT-3.1.2-22]
  const bool stray_password = version == Version::v3_1_1 && flags.password() && !flags.username();
  return stray_will || stray_password ? ReasonCode::protocol_error : ReasonCode::success;
}

void take_property(const Property& property, Connect& out) {
  switch (property.id) {
    case PropertyId::session_expiry_interval:
      out.session_expiry_s = property.number;
      break;
    case PropertyId::receive_maximum:
      out.receive_maximum = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::maximum_packet_size:
      out.packet_bytes_max = property.number;
      break;
    case PropertyId::topic_alias_maximum:
      out.topic_alias_maximum = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::request_response_information:
      out.request_response_information = property.number == 1;
      break;
    case PropertyId::request_problem_information:
      out.request_problem_information = property.number == 1;
      break;
    case PropertyId::authentication_method:
      out.authentication_method = property.text;
      break;
    case PropertyId::authentication_data:
      out.authentication_data = property.text;
      break;
    default:
      break;
  }
}

ReasonCode decode_properties(Reader& packet, Connect& out) {
  PropertyReader properties(packet, PropertyPlace::connect);
  Property property;
  bool has_data = false;
  while (properties.next(property)) {
    has_data = has_data || property.id == PropertyId::authentication_data;
    take_property(property, out);
  }
  if (properties.status() != ReasonCode::success) return properties.status();
  return has_data && !out.authentication_method ? ReasonCode::protocol_error : ReasonCode::success;
}

ReasonCode decode_will_properties(Reader& packet, Will& will) {
  PropertyReader properties(packet, PropertyPlace::will);
  Property property;
  while (properties.next(property)) {
    if (property.id == PropertyId::will_delay_interval) will.delay_s = property.number;
    // [MQTT-3.1.3-10]
    const ReasonCode reason = take_message_property(property, will.properties);
    if (reason != ReasonCode::success) return reason;
  }
  return properties.status();
}

ReasonCode decode_will(Reader& packet, Flags flags, Version version, Will& will) {
  will.qos = flags.will_qos();
  // [MQTT-3.1.2-14, MQTT-3.1.2-15]; 3.1.1 [MQTT-3.1.2-16, MQTT-3.1.2-17]
  will.retain = flags.will_retain();
  if (version == Version::v5) {
    const ReasonCode reason = decode_will_properties(packet, will);
    if (reason != ReasonCode::success) return reason;
  }
  will.topic = packet.binary();
  will.payload = packet.binary();
  return packet.failed() ? ReasonCode::malformed_packet : check_topic_name(will.topic);
}

// [MQTT-3.1.3-1]; 3.1.1 [MQTT-3.1.3-1]
ReasonCode decode_payload(Reader& packet, Flags flags, Connect& out) {
  // [MQTT-3.1.3-3]; 3.1.1 [MQTT-3.1.3-3]
  out.client_id = packet.utf8();
  if (packet.failed()) return ReasonCode::malformed_packet;
  // [MQTT-3.1.2-9, MQTT-3.1.2-7]; 3.1.1 [MQTT-3.1.2-9, MQTT-3.1.2-8, MQTT-3.1.2-12]
  if (flags.will()) {
    const ReasonCode reason = decode_will(packet, flags, out.version, out.will.emplace());
    if (reason != ReasonCode::success) return reason;
  }
  // [MQTT-3.1.2-16, MQTT-3.1.2-17]; 3.1.1 [MQTT-3.1.2-18, MQTT-3.1.2-19]
  const auto is_there = [&](bool flag) {
    return flag && !(out.is_v3_1 && packet.done());
  };  // 3.1 section 3.1
  if (is_there(flags.username())) out.username = packet.utf8();
  // [MQTT-3.1.2-18, MQTT-3.1.2-19]; 3.1.1 [MQTT-3.1.2-20, MQTT-3.1.2-21]
  if (is_there(flags.password())) out.password = packet.binary();
  return packet.done() ? ReasonCode::success : ReasonCode::malformed_packet;
}

}  // namespace

ReasonCode decode_connect(std::string_view body, Connect& out) {
  out = {};
  Reader packet(body);
  ReasonCode reason = decode_protocol(packet, out);
  if (reason != ReasonCode::success) return reason;
  const Flags flags{packet.u8()};
  out.clean_start = flags.clean_start();
  out.keep_alive_s = packet.u16();
  if (packet.failed()) return ReasonCode::malformed_packet;
  reason = check_flags(flags, out.version);
  if (reason == ReasonCode::success && out.version == Version::v5) reason = decode_properties(packet, out);
  return reason == ReasonCode::success ? decode_payload(packet, flags, out) : reason;
}

}  // namespace headgate::broker
