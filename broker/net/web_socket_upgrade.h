// Whether an HTTP request may become a WebSocket that carries MQTT, and what is answered if not. No I/O.
#pragma once

#include <string>
#include <string_view>

#include "broker/net/listener_options.h"

namespace headgate::broker {

struct UpgradeRequest {
  std::string_view target;           // "/mqtt?x=1"
  bool asks_for_web_socket = false;  // GET, with the headers of RFC 6455
  std::string_view protocols;        // Sec-WebSocket-Protocol: "mqttv3.1, mqtt"
  std::string_view origin;           // empty: no web page
};

struct UpgradeVerdict {
  unsigned status = 101;      // 101: accepted
  std::string text;           // else: a sentence for whoever asked
  std::string_view protocol;  // of those that were offered
  std::string_view why = {};  // words for the log where the status does not say it all; they live for ever
};

// In IoT Edge's dialect whatever path asks for a WebSocket gets one that carries MQTT.
[[nodiscard]] UpgradeVerdict judge_upgrade(const UpgradeRequest& request, const WebSocketOptions& options,
                                           Dialect dialect = Dialect::mqtt);

}  // namespace headgate::broker
