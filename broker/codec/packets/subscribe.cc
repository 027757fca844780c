#include "broker/codec/packets/subscribe.h"

#include "broker/codec/properties.h"

namespace headgate::broker {
namespace {

ReasonCode decode_options_v3(uint8_t options, SubscriptionRequest& request) {
  if (options > 2) return ReasonCode::malformed_packet;  // 3.1.1 [MQTT-3-8.3-4]
  request.qos = options;
  return ReasonCode::success;
}

ReasonCode decode_options_v5(uint8_t options, SubscriptionRequest& request) {
  if ((options & 0xC0) != 0) return ReasonCode::malformed_packet;  // [MQTT-3.8.3-5]
  const int retain_handling = options >> 4 & 3;
  request.qos = options & 3;
  request.no_local = (options & 4) != 0;
  request.retain_as_published = (options & 8) != 0;
  request.retain_handling = static_cast<RetainHandling>(retain_handling);
  const bool shared_and_no_local = request.no_local && request.filter.is_shared();  // [MQTT-3.8.3-4]
  const bool wrong = request.qos == 3 || retain_handling == 3 || shared_and_no_local;
  return wrong ? ReasonCode::protocol_error : ReasonCode::success;
}

ReasonCode decode_request(Reader& packet, Version version, SubscriptionRequest& request) {
  const std::string_view text = packet.binary();
  const uint8_t options = packet.u8();
  if (packet.failed()) return ReasonCode::malformed_packet;
  const ReasonCode reason = parse_topic_filter(text, request.filter);
  if (reason != ReasonCode::success) return reason;
  return version == Version::v5 ? decode_options_v5(options, request) : decode_options_v3(options, request);
}

ReasonCode decode_properties(Reader& packet, Subscribe& out) {
  PropertyReader properties(packet, PropertyPlace::subscribe);
  Property property;
  while (properties.next(property)) {
    if (property.id == PropertyId::subscription_identifier) out.subscription_id = property.number;
  }
  return properties.status();
}

}  // namespace

ReasonCode decode_subscribe(std::string_view body, Version version, Subscribe& out) {
  Reader packet(body);
  out.packet_id = packet.u16();
  out.subscription_id = 0;
  out.requests.clear();
  ReasonCode reason = ReasonCode::success;
  if (version == Version::v5) reason = decode_properties(packet, out);
  // [MQTT-3.8.4-5]; 3.1.1 [MQTT-3.8.4-4]
  while (reason == ReasonCode::success && !packet.empty()) {
    SubscriptionRequest request;
    reason = decode_request(packet, version, request);
    out.requests.push_back(request);
  }
  if (packet.failed()) return ReasonCode::malformed_packet;
  if (reason != ReasonCode::success) return reason;
  // 3.1.1 [MQTT-3.8.3-3]
  return out.packet_id == 0 || out.requests.empty() ? ReasonCode::protocol_error : ReasonCode::success;
}

}  // namespace headgate::broker
