#include "broker/codec/packets/connack.h"

#include "broker/codec/properties.h"

namespace headgate::broker {
namespace {

constexpr uint8_t kConnackFirstByte = 0x20;

void append_flag_if_false(std::string& out, PropertyId id, bool available) {
  if (!available) append_property_u8(out, id, 0);
}

void append_limits(std::string& out, const Connack& connack) {
  using Id = PropertyId;
  if (connack.session_expiry_s)
    append_property_u32(out, Id::session_expiry_interval, *connack.session_expiry_s);
  if (connack.receive_maximum != 65'535)
    append_property_u16(out, Id::receive_maximum, connack.receive_maximum);
  if (connack.maximum_qos < 2) append_property_u8(out, Id::maximum_qos, connack.maximum_qos);
  append_flag_if_false(out, Id::retain_available, connack.retain_available);
  if (connack.packet_bytes_max != 0)
    append_property_u32(out, Id::maximum_packet_size, connack.packet_bytes_max);
  if (connack.topic_alias_maximum != 0)
    append_property_u16(out, Id::topic_alias_maximum, connack.topic_alias_maximum);
  append_flag_if_false(out, Id::wildcard_subscription_available, connack.wildcard_subscriptions_available);
  append_flag_if_false(out, Id::subscription_identifier_available,
                       connack.subscription_identifiers_available);
  append_flag_if_false(out, Id::shared_subscription_available, connack.shared_subscriptions_available);
  if (connack.server_keep_alive_s)
    append_property_u16(out, Id::server_keep_alive, *connack.server_keep_alive_s);
}

}  // namespace

void encode_connack(const Connack& connack, Version version, std::string& out) {
  // [MQTT-3.2.2-1]; 3.1.1 [MQTT-3.2.2-4]
  const bool session_present = connack.session_present && !is_error(connack.reason);
  if (version == Version::v3_1_1) {
    char* at = put_u8(put_u8(grow(out, 4), kConnackFirstByte), 2);
    put_u8(put_u8(at, session_present ? 1 : 0), to_v3_connack(connack.reason));
    return;
  }
  const char head[] = {static_cast<char>(session_present ? 1 : 0), static_cast<char>(connack.reason)};
  std::string section;
  append_limits(section, connack);
  append_property_string(section, PropertyId::assigned_client_identifier, connack.assigned_client_id);
  // [MQTT-3.1.2-28, MQTT-4.12.0-6]
  append_property_string(section, PropertyId::authentication_method, connack.authentication_method);
  append_property_string(section, PropertyId::authentication_data, connack.authentication_data);
  append_reason(section, connack.reason_text, sizeof head);
  append_packet(out, kConnackFirstByte, {head, sizeof head}, section);
}

}  // namespace headgate::broker
