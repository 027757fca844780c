#include "upstream/link/incoming.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace headgate::upstream {
namespace {

struct FreeText {
  void operator()(char* text) const { std::free(text); }  // NOLINT(cppcoreguidelines-no-malloc)
};

// Reads a text of a property list; empty: it is not there.
std::string text_of(const mosquitto_property* properties, int identifier) {
  char* text = nullptr;
  mosquitto_property_read_string(properties, identifier, &text, false);
  const std::unique_ptr<char, FreeText> owned(text);
  return text != nullptr ? std::string(text) : std::string();
}

std::string correlation_of(const mosquitto_property* properties) {
  void* bytes = nullptr;
  uint16_t size = 0;
  mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &bytes, &size, false);
  const std::unique_ptr<char, FreeText> owned(static_cast<char*>(bytes));
  return owned ? std::string(owned.get(), size) : std::string();
}

std::vector<core::UserProperty> user_properties_of(const mosquitto_property* properties) {
  std::vector<core::UserProperty> all;
  char* name = nullptr;
  char* value = nullptr;
  const mosquitto_property* at =
      mosquitto_property_read_string_pair(properties, MQTT_PROP_USER_PROPERTY, &name, &value, false);
  while (at != nullptr) {
    const std::unique_ptr<char, FreeText> owned_name(name);
    const std::unique_ptr<char, FreeText> owned_value(value);
    all.push_back({name, value});
    at = mosquitto_property_read_string_pair(at, MQTT_PROP_USER_PROPERTY, &name, &value, true);
  }
  return all;
}

}  // namespace

Incoming read_incoming(const mosquitto_message& message, const mosquitto_property* properties) {
  Incoming incoming;
  incoming.topic = message.topic;
  if (message.payloadlen > 0)
    incoming.payload.assign(static_cast<const char*>(message.payload),
                            static_cast<size_t>(message.payloadlen));
  incoming.qos = static_cast<uint8_t>(message.qos);
  incoming.retain = message.retain;
  incoming.properties.content_type = text_of(properties, MQTT_PROP_CONTENT_TYPE);
  incoming.properties.response_topic = text_of(properties, MQTT_PROP_RESPONSE_TOPIC);
  incoming.properties.correlation_data = correlation_of(properties);
  uint8_t is_utf8 = 0;
  mosquitto_property_read_byte(properties, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, &is_utf8, false);
  incoming.properties.payload_is_utf8 = is_utf8 != 0;
  incoming.properties.user = user_properties_of(properties);
  mosquitto_property_read_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &incoming.expiry_s, false);
  return incoming;
}

}  // namespace headgate::upstream
