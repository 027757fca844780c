// Clients that speak something else than MQTT, told by their first bytes, and what to do about them.
#pragma once

#include <string_view>

#include "core/bytes.h"

namespace headgate::broker {

// For the log, where a client of AMQP has come.
inline constexpr std::string_view kSwitchToMqtt =
    "AMQP is not spoken here; have the client use MQTT: in C# TransportType.Mqtt_Tcp_Only or Mqtt_WebSocket_Only, in Java "
    "IotHubClientProtocol.MQTT or MQTT_WS";

// Words, which live for ever, for the log; empty: it is no protocol that is known here. `front`: bytes that are no MQTT.
[[nodiscard]] std::string_view advice_for(core::Bytes front);

}  // namespace headgate::broker
