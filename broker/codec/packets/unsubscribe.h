// UNSUBSCRIBE: topic filters a client no longer wants (MQTT 5.0 and 3.1.1 section 3.10).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/codec/reason_code.h"
#include "broker/codec/topic_filter.h"
#include "broker/codec/version.h"

namespace headgate::broker {

// Views point into the packet.
struct Unsubscribe {
  uint16_t packet_id = 0;
  std::vector<TopicFilter> filters = {};
};

// Reads UNSUBSCRIBE's body. Refuses with protocol_error packet id 0 and no filter at all [MQTT-3.10.3-2];
// with topic_filter_invalid what parse_topic_filter refuses.
[[nodiscard]] ReasonCode decode_unsubscribe(std::string_view body, Version version, Unsubscribe& out);

}  // namespace headgate::broker
