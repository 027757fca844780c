#include "broker/codec/packets/unsuback.h"

#include "broker/codec/properties.h"

namespace headgate::broker {

void encode_unsuback(uint16_t packet_id, std::span<const ReasonCode> reasons, Version version,
                     std::string& out, const ReasonText& reason_text) {
  constexpr uint8_t kFirstByte = 0xB0;
  if (version == Version::v3_1_1) {
    // 3.1.1 [MQTT-2.3.1-7, MQTT-3.10.4-4]
    put_u16(put_u8(put_u8(grow(out, 4), kFirstByte), 2), packet_id);
    return;
  }
  std::string head;
  append_u16(head, packet_id);
  std::string section;
  // [MQTT-3.11.2-1]
  append_reason(section, reason_text, head.size() + reasons.size());
  append_packet(out, kFirstByte, head, section,
                {reinterpret_cast<const char*>(reasons.data()), reasons.size()});
}

}  // namespace headgate::broker
