#include "upstream/link/publish_properties.h"

#include <string>

namespace headgate::upstream {

PublishProperties::PublishProperties(const Publication& publication) {
  if (publication.original != nullptr)
    add_of_message(publication.original->props());
  else
    add_of_batch(publication);
  if (publication.expiry_s != 0)
    mosquitto_property_add_int32(&list_, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, publication.expiry_s);
}

void PublishProperties::add_of_batch(const Publication& publication) {
  add_text(MQTT_PROP_CONTENT_TYPE, publication.content_type);
  add_correlation(publication.correlation_data);
  if (!publication.encoding.empty()) add_user("enc", publication.encoding);
  if (!publication.id.empty()) add_user("id", publication.id);
  if (publication.messages != 0) add_user("n", std::to_string(publication.messages));
}

void PublishProperties::add_of_message(const core::Properties& properties) {
  add_text(MQTT_PROP_CONTENT_TYPE, properties.content_type);
  add_text(MQTT_PROP_RESPONSE_TOPIC, properties.response_topic);
  add_correlation(properties.correlation_data);
  if (properties.payload_is_utf8) mosquitto_property_add_byte(&list_, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
  for (const core::UserProperty& property : properties.user) add_user(property.name, property.value);
}

void PublishProperties::add_text(int identifier, std::string_view text) {
  if (!text.empty()) mosquitto_property_add_string(&list_, identifier, std::string(text).c_str());
}

void PublishProperties::add_correlation(std::string_view bytes) {
  if (bytes.empty()) return;
  mosquitto_property_add_binary(&list_, MQTT_PROP_CORRELATION_DATA, bytes.data(),
                                static_cast<uint16_t>(bytes.size()));
}

void PublishProperties::add_user(std::string_view name, std::string_view value) {
  mosquitto_property_add_string_pair(&list_, MQTT_PROP_USER_PROPERTY, std::string(name).c_str(),
                                     std::string(value).c_str());
}

}  // namespace headgate::upstream
