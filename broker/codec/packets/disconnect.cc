#include "broker/codec/packets/disconnect.h"

#include "broker/codec/properties.h"

namespace headgate::broker {
namespace {

// The reasons that MQTT 5.0 section 3.14.2.1 says a client may give.
bool client_may_give(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::success:
    case ReasonCode::disconnect_with_will:
    case ReasonCode::unspecified_error:
    case ReasonCode::malformed_packet:
    case ReasonCode::protocol_error:
    case ReasonCode::implementation_specific_error:
    case ReasonCode::topic_name_invalid:
    case ReasonCode::receive_maximum_exceeded:
    case ReasonCode::topic_alias_invalid:
    case ReasonCode::packet_too_large:
    case ReasonCode::message_rate_too_high:
    case ReasonCode::quota_exceeded:
    case ReasonCode::administrative_action:
    case ReasonCode::payload_format_invalid:
      return true;
    default:
      return false;
  }
}

ReasonCode decode_properties(Reader& packet, Disconnect& out) {
  PropertyReader properties(packet, PropertyPlace::disconnect);
  Property property;
  while (properties.next(property)) {
    if (property.id == PropertyId::session_expiry_interval) out.session_expiry_s = property.number;
    if (property.id == PropertyId::reason_string) out.reason_string = property.text;
  }
  return properties.status();
}

}  // namespace

ReasonCode decode_disconnect(std::string_view body, Version version, Disconnect& out) {
  out = {};
  if (body.empty()) return ReasonCode::success;  // (MQTT 5.0 section 3.14.2.1)
  if (version == Version::v3_1_1) return ReasonCode::malformed_packet;
  Reader packet(body);
  out.reason = static_cast<ReasonCode>(packet.u8());
  if (!client_may_give(out.reason)) return ReasonCode::protocol_error;
  if (packet.empty()) return ReasonCode::success;  // (MQTT 5.0 section 3.14.2.2.1)
  const ReasonCode reason = decode_properties(packet, out);
  if (reason != ReasonCode::success) return reason;
  return packet.done() ? ReasonCode::success : ReasonCode::malformed_packet;
}

void encode_disconnect(ReasonCode reason, Version version, std::string& out, const ReasonText& reason_text) {
  constexpr uint8_t kFirstByte = 0xE0;
  if (version == Version::v3_1_1) return;
  std::string section;
  append_reason(section, reason_text, 1);
  const auto code = static_cast<char>(reason);
  if (!section.empty()) return append_packet(out, kFirstByte, {&code, 1}, section);
  put_u8(put_u8(put_u8(grow(out, 3), kFirstByte), 1), static_cast<uint8_t>(reason));
}

}  // namespace headgate::broker
