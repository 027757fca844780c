// UNSUBACK: the answer to UNSUBSCRIBE (MQTT 5.0 and 3.1.1 section 3.11).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "broker/codec/wire.h"

namespace headgate::broker {

// Appends an UNSUBACK with a code per filter, in the request's order [MQTT-3.11.3-1]; 3.1.1 has no codes.
void encode_unsuback(uint16_t packet_id, std::span<const ReasonCode> reasons, Version version,
                     std::string& out, const ReasonText& reason_text = {});

}  // namespace headgate::broker
