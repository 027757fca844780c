// Clients of the dialect as the desk of IoT Edge sees them. Implemented by the engine and, in tests, by a recorder.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "hub/edge/id.h"

namespace headgate::hub {

// Topics and filters are those inside the hub: `$iothub/devices/D[/modules/M]/…` (hub/edge/topics.h).
class EdgeClients {
 public:
  virtual ~EdgeClients() = default;

  // True while the client is connected and one of its subscriptions is that filter.
  [[nodiscard]] virtual bool is_subscribed(const EdgeId& client, std::string_view filter) const = 0;
  // Sends with QoS 0, if the client is connected and one of its subscriptions matches the topic. False: it was not sent.
  virtual bool send(const EdgeId& client, std::string topic, std::string body, core::Now now) = 0;
};

}  // namespace headgate::hub
