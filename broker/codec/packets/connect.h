// CONNECT: a client introduces itself (MQTT 5.0 and 3.1.1 section 3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/codec/properties.h"
#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"

namespace headgate::broker {

// Message that the broker publishes for a client that is lost (MQTT 5.0 section 3.1.2.5). Views point into
// the packet.
struct Will {
  std::string_view topic = {};
  std::string_view payload = {};
  uint8_t qos = 0;
  bool retain = false;
  uint32_t delay_s = 0;
  MessageProperties properties = {};
};

// All strings view the packet. Fields that 3.1.1 does not have keep the default that means the same.
struct Connect {
  Version version = Version::v3_1_1;
  bool is_v3_1 = false;             // "MQIsdp" at level 3: taken as 3.1.1, but for what that forbids
  bool clean_start = false;         // "clean session" in 3.1.1
  uint16_t keep_alive_s = 0;        // 0 = none
  std::string_view client_id = {};  // may be empty; that is the session's to judge [MQTT-3.1.3-6 …]
  std::optional<std::string_view> username = {};
  std::optional<std::string_view> password = {};  // may stand without a user name in 5.0 only
  std::optional<Will> will = {};
  uint32_t session_expiry_s = 0;      // 0xFFFFFFFF = never; 0 in 3.1.1, where clean_start decides
  uint16_t receive_maximum = 65'535;  // QoS 1 and 2 packets the client takes at a time
  uint32_t packet_bytes_max = 0;      // the largest packet the client takes; 0 = any
  uint16_t topic_alias_maximum = 0;
  bool request_response_information = false;
  bool request_problem_information = true;  // false: reason strings only in CONNACK, DISCONNECT, PUBLISH
  std::optional<std::string_view> authentication_method = {};
  std::string_view authentication_data = {};
};

// Reads CONNECT's body. On failure `out.version` is still the one to answer CONNACK in. Refuses with
// unsupported_protocol_version anything but protocol "MQTT" at level 4 or 5 [MQTT-3.1.2-1, MQTT-3.1.2-2] or
// "MQIsdp" at level 3;
// with malformed_packet the reserved flag [MQTT-3.1.2-3], will QoS 3 [MQTT-3.1.2-12], bytes left over; with
// protocol_error will flags without a will [MQTT-3.1.2-11, MQTT-3.1.2-13], in 3.1.1 a password without a user
// name [MQTT-3.1.2-22], authentication data without a method; with topic_name_invalid a will topic that is
// none.
[[nodiscard]] ReasonCode decode_connect(std::string_view body, Connect& out);

}  // namespace headgate::broker
