// SUBSCRIBE: topic filters a client wants (MQTT 5.0 and 3.1.1 section 3.8).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/codec/reason_code.h"
#include "broker/codec/topic_filter.h"
#include "broker/codec/version.h"

namespace headgate::broker {

// Treatment of retained messages when a subscription is made (MQTT 5.0 section 3.8.3.1).
enum class RetainHandling : uint8_t { send = 0, send_if_new = 1, do_not_send = 2 };

// 3.1.1 has the first two fields only.
struct SubscriptionRequest {
  TopicFilter filter = {};
  uint8_t qos = 0;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;
};

// Views point into the packet.
struct Subscribe {
  uint16_t packet_id = 0;
  uint32_t subscription_id = 0;  // 0 = none
  std::vector<SubscriptionRequest> requests = {};
};

// Reads SUBSCRIBE's body. Refuses with protocol_error packet id 0, no filter at all [MQTT-3.8.3-2], in 5.0
// QoS 3 and retain handling 3, no-local on a shared subscription [MQTT-3.8.3-4], subscription identifier 0;
// with malformed_packet reserved option bits [MQTT-3.8.3-5], QoS 3 in 3.1.1 [MQTT-3-8.3-4]; with
// topic_filter_invalid what parse_topic_filter refuses.
[[nodiscard]] ReasonCode decode_subscribe(std::string_view body, Version version, Subscribe& out);

}  // namespace headgate::broker
