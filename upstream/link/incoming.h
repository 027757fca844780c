// Messages of libmosquitto as the seam has them.
#pragma once

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "upstream/link/link.h"

namespace headgate::upstream {

// Copies all of it. `properties`: null on MQTT 3.1.1.
[[nodiscard]] Incoming read_incoming(const mosquitto_message& message, const mosquitto_property* properties);

}  // namespace headgate::upstream
