// Topic names and filters as packets carry them; filters may be plain or shared.
#pragma once

#include <string_view>

#include "broker/codec/reason_code.h"

namespace headgate::broker {

// topic_name_invalid unless `topic` is a well-formed topic name [MQTT-4.7.3-1, MQTT-3.3.2-2];
// malformed_packet if it is not UTF-8.
[[nodiscard]] ReasonCode check_topic_name(std::string_view topic);

// A topic filter, plain or shared. All parts view the packet.
struct TopicFilter {
  std::string_view text = {};    // as sent, `$share/` included: what identifies the subscription
  std::string_view share = {};   // the share name; empty when the subscription is not shared
  std::string_view filter = {};  // what topics are matched against

  [[nodiscard]] bool is_shared() const { return !share.empty(); }
};

// Takes `text` apart. topic_filter_invalid unless it is a well-formed filter [MQTT-4.7.1-1, MQTT-4.7.1-2,
// MQTT-4.7.3-1] or `$share/<name>/<filter>` with a name of at least one character and no wildcard
// [MQTT-4.8.2-1, MQTT-4.8.2-2]; malformed_packet if it is not UTF-8. `$share/` means the same in 3.1.1.
[[nodiscard]] ReasonCode parse_topic_filter(std::string_view text, TopicFilter& out);

// Splits a text that parse_topic_filter has accepted before.
[[nodiscard]] TopicFilter split_topic_filter(std::string_view text);

}  // namespace headgate::broker
