// CONNACK: the broker's answer to CONNECT (MQTT 5.0 and 3.1.1 section 3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "broker/codec/wire.h"

namespace headgate::broker {

// Defaults are the protocol's: a field that has its default is not sent. 3.1.1 has the first two only.
struct Connack {
  bool session_present = false;  // sent as false with an error [MQTT-3.2.2-6]
  ReasonCode reason = ReasonCode::success;
  std::optional<uint32_t> session_expiry_s = {};  // where the broker uses another than the client asked for
  uint16_t receive_maximum = 65'535;
  uint8_t maximum_qos = 2;
  bool retain_available = true;
  uint32_t packet_bytes_max = 0;  // the largest packet the broker takes; 0 = any
  std::string_view assigned_client_id = {};
  uint16_t topic_alias_maximum = 0;
  bool wildcard_subscriptions_available = true;
  bool subscription_identifiers_available = true;
  bool shared_subscriptions_available = true;
  std::optional<uint16_t> server_keep_alive_s =
      {};  // where the broker uses another than the client asked for
  std::string_view authentication_method = {};
  std::string_view authentication_data = {};
  ReasonText reason_text = {};
};

void encode_connack(const Connack& connack, Version version, std::string& out);

}  // namespace headgate::broker
