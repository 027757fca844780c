// The message: what a client published, as every part of the hub sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace headgate::core {

// An application property: an MQTT 5 user property, or one of an IoT Hub property bag. Names may repeat
// and their order is kept (MQTT-3.3.2-18).
struct UserProperty {
  std::string name;
  std::string value;

  friend bool operator==(const UserProperty&, const UserProperty&) = default;
};

// The parts of a message that most messages do not have.
struct Properties {
  std::string content_type;
  std::string content_encoding;  // IoT Hub property bag only; MQTT 5 has none
  std::string response_topic;
  std::string correlation_data;
  bool payload_is_utf8 = false;  // MQTT 5 Payload Format Indicator
  std::vector<UserProperty> user;

  friend bool operator==(const Properties&, const Properties&) = default;
};

// Who published: one per session, shared by its messages. `module` is empty for devices and plain clients.
struct Source {
  std::string client_id;
  std::string device;
  std::string module;
  bool foreign = false;  // a module of another device than the hub's: not the one that routes name

  friend bool operator==(const Source&, const Source&) = default;
};

// Immutable once published, so it can be shared by routes, queues and subscribers, and read by any thread.
struct Message {
  std::string topic;
  std::string body;
  std::shared_ptr<const Properties> properties;  // null when the message has none: use props()
  std::shared_ptr<const Source> source;          // null only in messages the hub makes itself
  int64_t arrived_ms = 0;      // arrival at this hub as its wall clock showed it then, for people
  int64_t arrived_hub_ms = 0;  // arrival in hub time: its age counts from it
  int64_t expires_ms = 0;      // hub time when it expires by the publisher's wish; 0 = never
  uint8_t qos = 0;
  bool retain = false;
  uint8_t hops = 0;  // how often a route has republished it locally

  [[nodiscard]] const Properties& props() const {
    static const Properties kNone;
    return properties ? *properties : kNone;
  }
};

using MessagePtr = std::shared_ptr<const Message>;

}  // namespace headgate::core
