#include "broker/codec/frame.h"

#include <array>

#include "broker/codec/wire.h"

namespace headgate::broker {
namespace {

constexpr std::array<std::string_view, 16> kNames = {
    "reserved",  "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};

// PUBLISH: QoS 3 [MQTT-3.3.1-4] and DUP with QoS 0 [MQTT-3.3.1-2] are not allowed. Three types have the fixed
// flags 0010, all others 0000 (MQTT 5.0 table 2-2).
// [MQTT-3.8.1-1, MQTT-3.10.1-1, MQTT-3.14.1-1, MQTT-3.15.1-1]; 3.1.1 [MQTT-2.2.2-1, MQTT-3.3.1-2,
// MQTT-3.3.1-4, MQTT-3.6.1-1, MQTT-3.8.1-1, MQTT-3.10.1-1, MQTT-3.14.1-1]
constexpr bool flags_are_allowed(PacketType type, uint8_t flags) {
  switch (type) {
    case PacketType::publish: {
      const int qos = flags >> 1 & 3;
      const bool dup = (flags & 8) != 0;
      return qos == 0 ? !dup : qos != 3;
    }
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return flags == 2;
    case PacketType::connect:
    case PacketType::connack:
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingreq:
    case PacketType::pingresp:
    case PacketType::disconnect:
    case PacketType::auth:
      return flags == 0;
  }
  return false;
}

constexpr uint8_t kDupFlag = 8;

// Tells flags that 3.1 has, or does not use, from those that make a packet unreadable.
constexpr bool flags_are_allowed_in_v3_1(PacketType type, uint8_t flags) {
  switch (type) {
    case PacketType::publish:
      return (flags >> 1 & 3) != 3;
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return (flags & ~kDupFlag) == 2;
    default:
      return true;  // they are not used
  }
}

using FirstBytes = std::array<bool, 256>;

// Bit set over the 256 first bytes of a packet.
constexpr FirstBytes first_bytes(bool (*allowed)(PacketType, uint8_t)) {
  FirstBytes bytes{};
  for (size_t byte = 0x10; byte < bytes.size(); ++byte)
    bytes[byte] = allowed(static_cast<PacketType>(byte >> 4), byte & 0x0F);
  return bytes;
}

constexpr FirstBytes kFirstByteAllowed = first_bytes(flags_are_allowed);
constexpr FirstBytes kFirstByteAllowedInV31 = first_bytes(flags_are_allowed_in_v3_1);

NextFrame refuse(ReasonCode reason) {
  NextFrame next;
  next.kind = NextFrame::Kind::error;
  next.error = reason;
  return next;
}

enum class LengthState : uint8_t { complete, incomplete, malformed };

// The remaining length, as far as it is there. A last byte of zero after others means that fewer would do.
LengthState read_length(core::Bytes input, size_t& header_bytes, size_t& length) {
  length = 0;
  for (size_t i = 1; i <= 4; ++i) {
    if (i >= input.size()) return LengthState::incomplete;
    const auto byte = static_cast<uint8_t>(input[i]);
    length |= static_cast<size_t>(byte & 0x7F) << (7 * (i - 1));
    if (byte >= 0x80) continue;
    header_bytes = i + 1;
    return byte == 0 && i > 1 ? LengthState::malformed : LengthState::complete;
  }
  return LengthState::malformed;
}

}  // namespace

std::string_view name(PacketType type) { return kNames[static_cast<uint8_t>(type) & 0x0F]; }

bool client_may_send(PacketType type) {
  return type != PacketType::connack && type != PacketType::suback && type != PacketType::unsuback &&
         type != PacketType::pingresp;
}

NextFrame next_frame(core::Bytes input, size_t packet_bytes_max, bool v3_1) {
  if (input.empty()) return {};
  const auto first = static_cast<uint8_t>(input.front());
  // 3.1.1 [MQTT-2.2.2-2]
  if (!(v3_1 ? kFirstByteAllowedInV31 : kFirstByteAllowed)[first])
    return refuse(ReasonCode::malformed_packet);
  size_t header_bytes = 0;
  size_t length = 0;
  const LengthState state = read_length(input, header_bytes, length);
  if (state == LengthState::incomplete) return {};
  if (state == LengthState::malformed) return refuse(ReasonCode::malformed_packet);
  NextFrame next;
  next.total_bytes = header_bytes + length;
  if (next.total_bytes > packet_bytes_max) return refuse(ReasonCode::packet_too_large);
  if (next.total_bytes > input.size()) return next;
  next.kind = NextFrame::Kind::frame;
  next.frame = {static_cast<PacketType>(first >> 4), static_cast<uint8_t>(first & 0x0F),
                input.substr(header_bytes, length), next.total_bytes};
  return next;
}

}  // namespace headgate::broker
