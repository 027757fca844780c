#include "broker/codec/packets/ack.h"

#include "broker/codec/properties.h"

namespace headgate::broker {
namespace {

bool is_publish_outcome(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::success:
    case ReasonCode::no_matching_subscribers:
    case ReasonCode::unspecified_error:
    case ReasonCode::implementation_specific_error:
    case ReasonCode::not_authorized:
    case ReasonCode::topic_name_invalid:
    case ReasonCode::packet_identifier_in_use:
    case ReasonCode::quota_exceeded:
    case ReasonCode::payload_format_invalid:
      return true;
    default:
      return false;
  }
}

bool is_release_outcome(ReasonCode reason) {
  return reason == ReasonCode::success || reason == ReasonCode::packet_identifier_not_found;
}

bool may_carry(PacketType type, ReasonCode reason) {
  const bool first_answer = type == PacketType::puback || type == PacketType::pubrec;
  return first_answer ? is_publish_outcome(reason) : is_release_outcome(reason);
}

// PUBREL has the fixed flags 0010 [MQTT-3.6.1-1].
uint8_t first_byte(PacketType type) {
  const unsigned flags = type == PacketType::pubrel ? 2 : 0;
  return static_cast<uint8_t>(static_cast<unsigned>(type) << 4 | flags);
}

// Reads the rest after the packet id: nothing, a reason, or a reason and properties (MQTT 5.0 section 3.4.2).
ReasonCode decode_outcome(PacketType type, Reader& packet, Ack& out) {
  out.reason = static_cast<ReasonCode>(packet.u8());
  if (!may_carry(type, out.reason)) return ReasonCode::protocol_error;
  if (packet.empty()) return ReasonCode::success;
  return skip_properties(packet, PropertyPlace::ack, &out.reason_string);
}

}  // namespace

ReasonCode decode_ack(PacketType type, std::string_view body, Version version, Ack& out) {
  out = {};
  Reader packet(body);
  out.packet_id = packet.u16();
  if (version == Version::v5 && !packet.empty()) {
    const ReasonCode reason = decode_outcome(type, packet, out);
    if (reason != ReasonCode::success) return reason;
  }
  if (!packet.done()) return ReasonCode::malformed_packet;
  return out.packet_id == 0 ? ReasonCode::protocol_error : ReasonCode::success;
}

void encode_ack(PacketType type, uint16_t packet_id, ReasonCode reason, Version version, std::string& out,
                const ReasonText& reason_text) {
  std::string section;
  // [MQTT-3.5.2-2, MQTT-3.6.2-2, MQTT-3.7.2-2]
  if (version == Version::v5) append_reason(section, reason_text, 3);
  const bool short_form = version == Version::v3_1_1 || reason == ReasonCode::success;
  if (section.empty()) {
    // [MQTT-2.2.1-5]; 3.1.1 [MQTT-2.3.1-6]
    char* at = put_u8(grow(out, short_form ? 4 : 5), first_byte(type));
    at = put_u16(put_u8(at, short_form ? 2 : 3), packet_id);
    if (!short_form) put_u8(at, static_cast<uint8_t>(reason));
    return;
  }
  std::string head;
  append_u16(head, packet_id);
  append_u8(head, static_cast<uint8_t>(reason));
  append_packet(out, first_byte(type), head, section);
}

}  // namespace headgate::broker
