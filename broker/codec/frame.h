// Cuts a byte stream into control packets, from the fixed header alone (MQTT 5.0 section 2.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/codec/reason_code.h"
#include "core/bytes.h"

namespace headgate::broker {

// Values are the wire's (MQTT 5.0 table 2-1).
enum class PacketType : uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

// "PUBLISH", "CONNACK", … for logs.
[[nodiscard]] std::string_view name(PacketType type);

// False for the packets only a server sends: CONNACK, SUBACK, UNSUBACK, PINGRESP (MQTT 5.0 table 2-1).
[[nodiscard]] bool client_may_send(PacketType type);

// A whole packet. `body` (variable header and payload) views the input it was cut from.
struct Frame {
  PacketType type = PacketType::pingreq;
  uint8_t flags = 0;  // the low four bits of the first byte
  std::string_view body;
  size_t bytes = 0;  // of the whole packet, fixed header included: what to consume from the input
};

// Kinds of front that an input can have.
struct NextFrame {
  enum class Kind : uint8_t {
    need_more,  // not a whole packet yet
    frame,      // `frame` is valid
    error,      // close the connection with `error`
  };
  Kind kind = Kind::need_more;
  ReasonCode error = ReasonCode::success;
  Frame frame;
  size_t total_bytes = 0;  // of the packet when need_more knows it already, else 0
};

// Looks at the front of `input`. Nothing is stored between calls, and nothing needs to be buffered to refuse:
// flags that the type does not allow [MQTT-2.1.3-1]; 3.1.1 [MQTT-2.2.2-2], QoS 3 [MQTT-3.3.1-4], DUP with QoS
// 0 [MQTT-3.3.1-2] and type 0 are malformed as soon as the first byte is there; a remaining length of more
// bytes than needed [MQTT-1.5.5-1] is malformed; one that makes the packet larger than `packet_bytes_max` is
// packet_too_large [MQTT-3.2.2-15] as soon as the length is there. A client of `v3_1` may set flags that its
// version does not use, and DUP on whatever it repeats, as on PUBREL and SUBSCRIBE (MQTT 3.1 section 2.1).
[[nodiscard]] NextFrame next_frame(core::Bytes input, size_t packet_bytes_max, bool v3_1 = false);

}  // namespace headgate::broker
