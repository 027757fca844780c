#include "broker/other_protocol.h"

namespace headgate::broker {

std::string_view advice_for(core::Bytes front) {
  if (front.starts_with("AMQP")) return kSwitchToMqtt;
  if (front.starts_with("\x16\x03"))  // a handshake of any version of TLS
    return "the client speaks TLS, and this listener does not; give it \"transport\": \"tls\", or have the client go to the port of "
           "one that has";
  return "";
}

}  // namespace headgate::broker
