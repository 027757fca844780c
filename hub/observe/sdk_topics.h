// Azure IoT SDKs speak MQTT on topics with a meaning of their own (`devices/{device}/messages/events/…`). On a listener
// without their dialect they are topics like any others, so a client that uses them waits for what never comes.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "broker/session/session.h"
#include "core/log.h"

namespace headgate::hub {

// True for a topic or filter of that dialect: events, inputs, device-bound messages, twins and methods.
[[nodiscard]] bool is_sdk_topic(std::string_view topic);

// Says so in the log, once for each client that came with an IoT Edge user name.
class SdkTopics {
 public:
  // Client ids that are remembered; beyond, all are forgotten and may be warned of anew.
  static constexpr size_t kClientsMax = 1024;

  // `log` is borrowed.
  explicit SdkTopics(core::Log& log) : log_(log) {}

  void on_publish(const broker::Session& session, std::string_view topic) {
    if (is_concerned(session) && is_sdk_topic(topic)) warn(session, "publish", topic);
  }
  void on_subscribe(const broker::Session& session, std::string_view filter) {
    if (is_concerned(session) && is_sdk_topic(filter)) warn(session, "subscribe", filter);
  }

 private:
  static bool is_concerned(const broker::Session& session) {
    return session.identity().edge && !session.speaks_iot_edge();
  }
  void warn(const broker::Session& session, std::string_view what, std::string_view topic);

  core::Log& log_;
  std::set<std::string, std::less<>> warned_;
};

}  // namespace headgate::hub
