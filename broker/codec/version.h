// The protocol levels the broker speaks, as CONNECT announces them [MQTT-3.1.2-2].
#pragma once

#include <cstdint>

namespace headgate::broker {

enum class Version : uint8_t { v3_1_1 = 4, v5 = 5 };

}  // namespace headgate::broker
