#include "hub/observe/sdk_topics.h"

namespace headgate::hub {

bool is_sdk_topic(std::string_view topic) {
  if (topic.starts_with("$iothub/")) return true;
  if (!topic.starts_with("devices/")) return false;
  return topic.find("/messages/events", 8) != std::string_view::npos ||
         topic.find("/messages/devicebound", 8) != std::string_view::npos ||
         (topic.find("/modules/", 8) != std::string_view::npos &&
          topic.find("/inputs/") != std::string_view::npos);
}

void SdkTopics::warn(const broker::Session& session, std::string_view what, std::string_view topic) {
  if (warned_.contains(session.client_id())) return;
  if (warned_.size() >= kClientsMax) warned_.clear();
  warned_.insert(session.client_id());
  log_.warn(
      "sdk_topic",
      {{"client", session.client_id()},
       {what, topic},
       {"effect", "it is a topic like any other: no module output, and nothing comes on it"},
       {"instead",
        "a listener with \"dialect\": \"iot-edge\", or modules/MODULE/outputs/OUTPUT and modules/MODULE/inputs/INPUT"}});
}

}  // namespace headgate::hub
