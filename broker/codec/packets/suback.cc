#include "broker/codec/packets/suback.h"

#include "broker/codec/properties.h"

namespace headgate::broker {
namespace {

constexpr uint8_t kSubackFirstByte = 0x90;
constexpr uint8_t kFailureV3 = 0x80;

// 3.1.1 [MQTT-2.3.1-7, MQTT-3.8.4-1]
void encode_v3(uint16_t packet_id, std::span<const ReasonCode> reasons, std::string& out) {
  append_u8(out, kSubackFirstByte);
  append_varint(out, 2 + reasons.size());
  append_u16(out, packet_id);
  for (const ReasonCode reason : reasons)
    // 3.1.1 [MQTT-3.9.3-1, MQTT-3.9.3-2]
    append_u8(out, is_error(reason) ? kFailureV3 : static_cast<uint8_t>(reason));
}

}  // namespace

// [MQTT-2.2.1-6, MQTT-3.8.4-2, MQTT-3.8.4-6, MQTT-3.9.3-2, MQTT-3.2.2-10, MQTT-3.8.4-7]; 3.1.1 [MQTT-3.8.4-2,
// MQTT-3.8.4-5]
void encode_suback(uint16_t packet_id, std::span<const ReasonCode> reasons, Version version, std::string& out,
                   const ReasonText& reason_text) {
  if (version == Version::v3_1_1) return encode_v3(packet_id, reasons, out);
  std::string head;
  append_u16(head, packet_id);
  std::string section;
  append_reason(section, reason_text, head.size() + reasons.size());
  append_packet(out, kSubackFirstByte, head, section,
                {reinterpret_cast<const char*>(reasons.data()), reasons.size()});
}

}  // namespace headgate::broker
