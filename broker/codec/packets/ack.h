// PUBACK, PUBREC, PUBREL and PUBCOMP, which look the same (MQTT 5.0 and 3.1.1 sections 3.4 to 3.7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/codec/frame.h"
#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "broker/codec/wire.h"

namespace headgate::broker {

struct Ack {
  uint16_t packet_id = 0;
  ReasonCode reason = ReasonCode::success;  // always success in 3.1.1
  std::string_view reason_string = {};      // views the packet
};

// Reads the body of an acknowledgement of that `type`. Refuses with protocol_error packet id 0 and a reason
// code which that packet does not have [MQTT-3.4.2-1, MQTT-3.5.2-1, MQTT-3.6.2-1, MQTT-3.7.2-1]; with
// malformed_packet bytes left over. Its properties are checked, and but for the reason string dropped.
[[nodiscard]] ReasonCode decode_ack(PacketType type, std::string_view body, Version version, Ack& out);

// Appends an acknowledgement of that `type`: four bytes where there is nothing to say but success.
void encode_ack(PacketType type, uint16_t packet_id, ReasonCode reason, Version version, std::string& out,
                const ReasonText& reason_text = {});

}  // namespace headgate::broker
