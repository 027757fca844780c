#include "broker/codec/topic_filter.h"

#include "broker/codec/wire.h"
#include "core/topic.h"

namespace headgate::broker {
namespace {

constexpr std::string_view kSharePrefix = "$share/";

bool split_share(TopicFilter& filter) {
  std::string_view rest = filter.text.substr(kSharePrefix.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  filter.share = rest.substr(0, slash);
  filter.filter = rest.substr(slash + 1);
  return filter.share.find_first_of("+#") == std::string_view::npos;
}

}  // namespace

ReasonCode check_topic_name(std::string_view topic) {
  // [MQTT-3.1.3-11, MQTT-4.7.3-2]; 3.1.1 [MQTT-3.1.3-10, MQTT-4.7.3-1, MQTT-4.7.3-2]
  if (is_valid_topic(topic)) return ReasonCode::success;
  return is_valid_text(topic) ? ReasonCode::topic_name_invalid : ReasonCode::malformed_packet;
}

ReasonCode parse_topic_filter(std::string_view text, TopicFilter& out) {
  out = {text, {}, text};
  // [MQTT-3.8.3-1, MQTT-3.10.3-1]; 3.1.1 [MQTT-3.8.3-1, MQTT-3.10.3-1]
  if (!is_valid_text(text)) return ReasonCode::malformed_packet;
  if (text.starts_with(kSharePrefix) && !split_share(out)) return ReasonCode::topic_filter_invalid;
  // 3.1.1 [MQTT-4.7.1-2, MQTT-4.7.1-3]
  return core::is_valid_topic_filter(out.filter) ? ReasonCode::success : ReasonCode::topic_filter_invalid;
}

TopicFilter split_topic_filter(std::string_view text) {
  TopicFilter filter{text, {}, text};
  if (text.starts_with(kSharePrefix)) split_share(filter);
  return filter;
}

}  // namespace headgate::broker
