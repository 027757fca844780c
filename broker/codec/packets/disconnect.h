// DISCONNECT: a good-bye with its reason (MQTT 5.0 and 3.1.1 section 3.14).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "broker/codec/wire.h"

namespace headgate::broker {

struct Disconnect {
  ReasonCode reason = ReasonCode::success;        // disconnect_with_will: the will is to be published
  std::optional<uint32_t> session_expiry_s = {};  // replaces CONNECT's; 0 → not 0 is the session's to refuse
  std::string_view reason_string = {};            // views the packet
};

// Reads the body of a client's DISCONNECT. Refuses with protocol_error a reason code that a client does not
// send [MQTT-3.14.2-1] and a server reference; with malformed_packet bytes left over, in 3.1.1 any byte.
[[nodiscard]] ReasonCode decode_disconnect(std::string_view body, Version version, Disconnect& out);

// Appends a DISCONNECT. In 3.1.1, where a server just closes, appends nothing. No session expiry: that is a
// client's [MQTT-3.14.2-2].
void encode_disconnect(ReasonCode reason, Version version, std::string& out,
                       const ReasonText& reason_text = {});

}  // namespace headgate::broker
