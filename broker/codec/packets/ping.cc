#include "broker/codec/packets/ping.h"

namespace headgate::broker {

ReasonCode decode_pingreq(std::string_view body) {
  return body.empty() ? ReasonCode::success : ReasonCode::malformed_packet;
}

void encode_pingresp(std::string& out) { out.append("\xD0\x00", 2); }

}  // namespace headgate::broker
