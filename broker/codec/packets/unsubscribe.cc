#include "broker/codec/packets/unsubscribe.h"

#include "broker/codec/properties.h"

namespace headgate::broker {

ReasonCode decode_unsubscribe(std::string_view body, Version version, Unsubscribe& out) {
  Reader packet(body);
  out.packet_id = packet.u16();
  out.filters.clear();
  ReasonCode reason = ReasonCode::success;
  if (version == Version::v5) reason = skip_properties(packet, PropertyPlace::unsubscribe, nullptr);
  while (reason == ReasonCode::success && !packet.empty()) {
    const std::string_view text = packet.binary();
    if (packet.failed()) break;
    reason = parse_topic_filter(text, out.filters.emplace_back());
  }
  if (packet.failed()) return ReasonCode::malformed_packet;
  if (reason != ReasonCode::success) return reason;
  // 3.1.1 [MQTT-3.10.3-2]
  return out.packet_id == 0 || out.filters.empty() ? ReasonCode::protocol_error : ReasonCode::success;
}

}  // namespace headgate::broker
