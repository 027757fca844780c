// The MQTT 5 properties of a publish, as libmosquitto has them.
#pragma once

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <string_view>

#include "upstream/link/link.h"

namespace headgate::upstream {

// Freed with it.
class PublishProperties {
 public:
  explicit PublishProperties(const Publication& publication);
  ~PublishProperties() { mosquitto_property_free_all(&list_); }
  PublishProperties(const PublishProperties&) = delete;
  PublishProperties& operator=(const PublishProperties&) = delete;

  [[nodiscard]] const mosquitto_property* get() const { return list_; }

 private:
  void add_of_batch(const Publication& publication);
  void add_of_message(const core::Properties& properties);
  void add_text(int identifier, std::string_view text);
  void add_correlation(std::string_view bytes);
  void add_user(std::string_view name, std::string_view value);

  mosquitto_property* list_ = nullptr;
};

}  // namespace headgate::upstream
