// AUTH: one step of an enhanced authentication (MQTT 5.0 section 3.15; 3.1.1 has none).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "broker/codec/wire.h"

namespace headgate::broker {

// Views point into the packet.
struct Auth {
  ReasonCode reason = ReasonCode::success;
  std::string_view method = {};
  std::string_view data = {};
};

// Reads the body of a client's AUTH. Refuses with protocol_error a reason other than continue_authentication
// or reauthenticate [MQTT-3.15.2-1] and a missing method; with malformed_packet any AUTH in 3.1.1, where its
// packet type is reserved.
[[nodiscard]] ReasonCode decode_auth(std::string_view body, Version version, Auth& out);

// Appends an AUTH (5.0 only).
void encode_auth(const Auth& auth, std::string& out, const ReasonText& reason_text = {});

}  // namespace headgate::broker
