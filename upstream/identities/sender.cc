#include "upstream/identities/sender.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/topic.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::upstream {
namespace {

constexpr std::string_view kOriginDevice = "originDevice";
constexpr std::string_view kOriginModule = "originModule";
constexpr std::string_view kOriginTopic = "originTopic";
constexpr std::array<std::string_view, 6> kNotTheSenders = {"$.on",        "$.cdid",      "$.cmid",
                                                            kOriginDevice, kOriginModule, kOriginTopic};

bool is_system_name(std::string_view name) { return name.starts_with("$."); }

bool is_text(std::string_view text) {
  return core::is_valid_utf8(text) && text.find('\0') == std::string_view::npos;
}

// Appends to a topic.
class BagWriter {
 public:
  explicit BagWriter(std::string& topic) : topic_(topic), empty_size_(topic.size()) {}

  void add(std::string_view name, std::string_view value) {
    if (name.empty() || !is_text(name) || !is_text(value)) return;
    if (topic_.size() > empty_size_) topic_ += '&';
    topic_.append(percent_encoded(name)).append("=").append(percent_encoded(value));
  }
  void add_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
  }

 private:
  std::string& topic_;
  const size_t empty_size_;
};

// Whether a property has a place of its own in the message, which counts then.
bool is_said_already(std::string_view name, const core::Properties& properties) {
  return (name == "$.ct" && !properties.content_type.empty()) ||
         (name == "$.ce" && !properties.content_encoding.empty()) ||
         (name == "$.cid" && !properties.correlation_data.empty());
}

void add_properties(BagWriter& bag, const core::Properties& properties) {
  bag.add_unless_empty("$.ct", properties.content_type);
  bag.add_unless_empty("$.ce", properties.content_encoding);
  bag.add_unless_empty("$.cid", properties.correlation_data);
  for (const bool system : {true, false}) {
    for (const auto& [name, value] : properties.user) {
      const bool goes = std::ranges::find(kNotTheSenders, name) == kNotTheSenders.end();
      if (goes && is_system_name(name) == system && !is_said_already(name, properties)) bag.add(name, value);
    }
  }
}

// A client that is no device is called as routes call it.
void add_origin(BagWriter& bag, const core::Message& message) {
  if (const core::Source* const source = message.source.get()) {
    bag.add_unless_empty(kOriginDevice, source->device.empty() ? source->client_id : source->device);
    bag.add_unless_empty(kOriginModule, source->module);
  }
  bag.add(kOriginTopic, message.topic);
}

}  // namespace

std::string CloudIdentity::path() const {
  const std::string path = "devices/" + device;
  return module.empty() ? path : path + "/modules/" + module;
}

std::optional<CloudIdentity> sender_of(const core::Message& message) {
  if (!message.source || message.source->device.empty()) return std::nullopt;
  return CloudIdentity{message.source->device, message.source->module};
}

std::string events_topic(const CloudIdentity& under, const core::Message& message) {
  std::string topic = under.path() + "/messages/events/";
  BagWriter bag(topic);
  add_properties(bag, message.props());
  if (sender_of(message) != under) add_origin(bag, message);
  return topic;
}

}  // namespace headgate::upstream
