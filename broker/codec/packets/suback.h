// SUBACK: the answer to SUBSCRIBE, filter by filter (MQTT 5.0 and 3.1.1 section 3.9).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "broker/codec/wire.h"

namespace headgate::broker {

// Appends a SUBACK with a code per filter, in the request's order [MQTT-3.9.3-1]; in 3.1.1 every error is
// 0x80 there, 3.1.1 [MQTT-3.9.3-2].
void encode_suback(uint16_t packet_id, std::span<const ReasonCode> reasons, Version version, std::string& out,
                   const ReasonText& reason_text = {});

}  // namespace headgate::broker
