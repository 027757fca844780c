// Demands of a listener on the clients that come in by it.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::broker {

// Language that a listener's clients speak on top of MQTT.
enum class Dialect : uint8_t {
  mqtt,      // topics mean what they say
  iot_edge,  // the topics and user names of Azure IoT's SDKs, see broker/dialect
};

// From the configuration; constant once the listener is open, shared by its connections.
struct ListenerPolicy {
  std::string name;                // as the operator knows it: "127.0.0.1:1883"
  bool allow_anonymous = true;     // a CONNECT without credentials is let in
  bool trusts_certificate = true;  // a verified client certificate says who the client is
  uint32_t packet_bytes_max = 0;   // the broker's own limit holds too, and the dialect's; 0 = those alone
  Dialect dialect = Dialect::mqtt;
  std::string own_device = {};  // the hub as a device of IoT Edge: its modules are those that routes name
  std::string password_file;    // users of this listener; empty: those of the hub

  friend bool operator==(const ListenerPolicy&, const ListenerPolicy&) = default;
};

}  // namespace headgate::broker
