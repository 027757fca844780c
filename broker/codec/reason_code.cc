#include "broker/codec/reason_code.h"

#include <array>
#include <cstddef>

namespace headgate::broker {
namespace {

constexpr uint8_t kFirstError = 0x80;

// From 0x80 on, without gaps.
constexpr std::array<std::string_view, 35> kErrors = {
    "unspecified error",
    "malformed packet",
    "protocol error",
    "implementation specific error",
    "unsupported protocol version",
    "client identifier not valid",
    "bad user name or password",
    "not authorized",
    "server unavailable",
    "server busy",
    "banned",
    "server shutting down",
    "bad authentication method",
    "keep alive timeout",
    "session taken over",
    "topic filter invalid",
    "topic name invalid",
    "packet identifier in use",
    "packet identifier not found",
    "receive maximum exceeded",
    "topic alias invalid",
    "packet too large",
    "message rate too high",
    "quota exceeded",
    "administrative action",
    "payload format invalid",
    "retain not supported",
    "QoS not supported",
    "use another server",
    "server moved",
    "shared subscriptions not supported",
    "connection rate exceeded",
    "maximum connect time",
    "subscription identifiers not supported",
    "wildcard subscriptions not supported",
};

std::string_view name_of_success(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::success:
      return "success";
    case ReasonCode::granted_qos_1:
      return "granted QoS 1";
    case ReasonCode::granted_qos_2:
      return "granted QoS 2";
    case ReasonCode::disconnect_with_will:
      return "disconnect with will message";
    case ReasonCode::no_matching_subscribers:
      return "no matching subscribers";
    case ReasonCode::no_subscription_existed:
      return "no subscription existed";
    case ReasonCode::continue_authentication:
      return "continue authentication";
    case ReasonCode::reauthenticate:
      return "re-authenticate";
    default:
      return "unknown";
  }
}

}  // namespace

std::string_view name(ReasonCode reason) {
  if (!is_error(reason)) return name_of_success(reason);
  const size_t error = static_cast<uint8_t>(reason) - kFirstError;
  return error < kErrors.size() ? kErrors[error] : "unknown";
}

// 3.1.1 [MQTT-3.1.3-9]
uint8_t to_v3_connack(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::success:
      return 0;
    case ReasonCode::unsupported_protocol_version:
      return 1;
    case ReasonCode::client_identifier_not_valid:
      return 2;
    case ReasonCode::bad_user_name_or_password:
    case ReasonCode::bad_authentication_method:
      return 4;
    case ReasonCode::not_authorized:
    case ReasonCode::banned:
      return 5;
    default:
      return 3;
  }
}

}  // namespace headgate::broker
