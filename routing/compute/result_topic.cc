#include "routing/compute/result_topic.h"

#include <algorithm>
#include <cstdint>

#include "core/topic.h"

namespace headgate::routing {
namespace {

constexpr size_t kRouteTopicBytesMax = 1'000;

}  // namespace

std::string default_result_topic(std::string_view route) {
  std::string topic = "routes/" + std::string(route.substr(0, kRouteTopicBytesMax));
  std::ranges::replace_if(
      topic, [](char c) { return c == '+' || c == '#' || c == '\0'; }, '_');
  if (core::is_valid_topic_name(topic)) return topic;
  std::ranges::replace_if(
      topic, [](char c) { return static_cast<uint8_t>(c) >= 0x80; }, '_');
  return topic;
}

std::string named_topic(const Sink& sink, const std::optional<std::string>& filled_in) {
  if (filled_in) return *filled_in;
  return sink.kind == Sink::Kind::module_input ? std::string() : sink.topic;
}

void assign_sender_key(const core::Message& message, std::string& key) {
  key.clear();
  if (const core::Source* source = message.source.get(); source) {
    const bool known = !source->device.empty();
    key.append(known ? "d" : "c").append(known ? source->device : source->client_id);
    key.append(1, '\0').append(source->module);
  }
  const auto of_module = core::parse_module_topic(message.topic);
  key.append(1, '\0').append(of_module ? of_module->name : std::string_view(message.topic));
}

std::string sender_key(const core::Message& message) {
  std::string key;
  assign_sender_key(message, key);
  return key;
}

}  // namespace headgate::routing
