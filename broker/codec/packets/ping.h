// PINGREQ and PINGRESP, which have no body (MQTT 5.0 and 3.1.1 sections 3.12 and 3.13).
#pragma once

#include <string>
#include <string_view>

#include "broker/codec/reason_code.h"

namespace headgate::broker {

// malformed_packet unless the body is empty.
[[nodiscard]] ReasonCode decode_pingreq(std::string_view body);

void encode_pingresp(std::string& out);

}  // namespace headgate::broker
