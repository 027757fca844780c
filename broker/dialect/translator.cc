#include "broker/dialect/translator.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "broker/codec/wire.h"
#include "broker/dialect/bag.h"
#include "core/time/iso8601.h"

namespace headgate::broker {
namespace {

constexpr std::string_view kHubPrefix = "$iothub/";
constexpr std::string_view kEvents = "messages/events";
constexpr std::string_view kDevicebound = "messages/devicebound";
constexpr std::string_view kInputs = "inputs/";

constexpr std::array<std::string_view, 3> kRequests = {"twin/GET/", "twin/PATCH/properties/reported/",
                                                       "methods/res/"};
constexpr std::array<std::string_view, 3> kHubFilters = {"twin/res/#", "twin/PATCH/properties/desired/#",
                                                         "methods/POST/#"};

std::string base_of(std::string_view device, std::string_view module) {
  std::string base("devices/");
  base.append(device).append("/");
  if (!module.empty()) base.append("modules/").append(module).append("/");
  return base;
}

// Tells names that only the hub may set on the way out, or that end with it, from those that are passed on.
bool is_passed_on(std::string_view name) {
  return name != "$.on" && name != "$.ifid" && name != "$.cdid" && name != "$.cmid";
}

// By the wall clock; 0: never, which no time is.
int64_t expiry_of(std::string_view text) {
  const auto at = core::parse_iso8601_ms(text);
  if (!at) return 0;
  return *at == 0 ? 1 : *at;
}

// An SDK takes the level behind the name for the bag: a name has one level, however many there are inside.
void append_input(std::string_view name, std::string& wire) {
  for (size_t slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/')) {
    wire.append(name.substr(0, slash)).append("%2F");
    name.remove_prefix(slash + 1);
  }
  wire.append(name);
}

bool is_system(std::string_view name) { return name.starts_with("$."); }

void mark(std::vector<core::UserProperty>& properties, std::string_view name) {
  const bool known = std::ranges::find(properties, name, &core::UserProperty::name) != properties.end();
  if (!known) properties.push_back({std::string(name), "true"});
}

ReasonCode refuse(ReasonCode reason, std::string& why, std::string_view text, std::string_view topic = {}) {
  constexpr size_t kShown = 200;
  why.assign(text).append(topic.substr(0, kShown));
  return reason;
}

}  // namespace

// A bag, taken apart.
struct Translator::Sorted {
  std::string output;
  core::Properties properties;
  int64_t expires_wall_ms = 0;

  void take(core::UserProperty property) {
    if (property.name == "$.on") {
      output = std::move(property.value);
    } else if (property.name == "$.ct") {
      properties.content_type = std::move(property.value);
    } else if (property.name == "$.cid") {
      properties.correlation_data = std::move(property.value);
    } else if (is_passed_on(property.name) || property.name == "$.ifid") {
      if (property.name == "$.exp") expires_wall_ms = expiry_of(property.value);
      properties.user.push_back(std::move(property));
    }
  }
};

Translator::Translator(std::string_view device, std::string_view module, std::string_view own_device)
    : own_device_(own_device), wire_(base_of(device, module)), is_module_(!module.empty()) {
  const bool own_module = is_module_ && device == own_device;
  inside_ = own_module ? std::string("modules/").append(module).append("/") : wire_;
}

ReasonCode Translator::publish(const Publish& from, Translated& into, std::string& why) const {
  if (from.qos == 2) return refuse(ReasonCode::qos_not_supported, why, "IoT Edge has no QoS 2");
  if (from.topic.starts_with(kHubPrefix)) return request(from.topic.substr(kHubPrefix.size()), into, why);
  std::string_view rest = from.topic;
  const bool own = rest.starts_with(wire_) && rest.substr(wire_.size()).starts_with(kEvents);
  if (own) rest.remove_prefix(wire_.size() + kEvents.size());
  if (!own || (!rest.empty() && rest.front() != '/'))
    return refuse(ReasonCode::not_authorized, why, "the client may not publish to ", from.topic);
  if (!rest.empty()) rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.size() + from.payload.size() > kEdgeMessageBytesMax) {
    return refuse(
        ReasonCode::packet_too_large, why,
        "a message and its properties have at most " + std::to_string(kEdgeMessageBytesMax) + " bytes");
  }
  return event(from, rest, into, why);
}

ReasonCode Translator::request(std::string_view rest, Translated& into, std::string& why) const {
  const bool known =
      std::ranges::any_of(kRequests, [&](std::string_view begin) { return rest.starts_with(begin); });
  if (!known) return refuse(ReasonCode::not_authorized, why, "the hub takes nothing on $iothub/", rest);
  into.is_request = true;
  into.topic.assign(kHubPrefix).append(wire_).append(rest);
  return ReasonCode::success;
}

ReasonCode Translator::event(const Publish& from, std::string_view bag, Translated& into,
                             std::string& why) const {
  auto decoded = decode_bag(bag);
  if (!decoded) return refuse(ReasonCode::topic_name_invalid, why, "bad percent-encoding in ", from.topic);
  if (from.retain) mark(*decoded, "mqtt-retain");
  if (from.dup) mark(*decoded, "mqtt-dup");
  Sorted sorted;
  sorted.properties.user.reserve(decoded->size());
  for (core::UserProperty& property : *decoded) sorted.take(std::move(property));
  into.topic = inside_;
  if (is_module_ && !sorted.output.empty()) {
    into.topic.append("outputs/").append(sorted.output);
    if (!is_valid_topic(into.topic))
      return refuse(ReasonCode::topic_name_invalid, why, "no output may have the name in ", from.topic);
  } else {
    into.topic.append(kEvents);
  }
  into.expires_wall_ms = sorted.expires_wall_ms;
  if (sorted.properties != core::Properties{})
    into.properties = std::make_shared<const core::Properties>(std::move(sorted.properties));
  return ReasonCode::success;
}

std::string Translator::filter(std::string_view wire) const {
  if (wire.starts_with(kHubPrefix)) {
    const std::string_view rest = wire.substr(kHubPrefix.size());
    const bool known = std::ranges::find(kHubFilters, rest) != kHubFilters.end();
    return known ? std::string(kHubPrefix).append(wire_).append(rest) : std::string();
  }
  if (!wire.starts_with(wire_)) return {};
  const std::string_view rest = wire.substr(wire_.size());
  // .NET's modules ask for all that is theirs, and would not expect what they have sent themselves.
  if (is_module_ && (rest == "inputs/#" || rest == "#")) return inside_ + "inputs/#";
  if (!is_module_ && rest == "messages/devicebound/#") return inside_ + std::string(kDevicebound);
  return {};
}

bool Translator::topic_out(const core::Message& message, std::string& wire) const {
  std::string_view rest = message.topic;
  if (rest.starts_with(kHubPrefix)) {
    rest.remove_prefix(kHubPrefix.size());
    if (!rest.starts_with(wire_)) return false;
    wire.assign(kHubPrefix).append(rest.substr(wire_.size()));
    return true;
  }
  if (!rest.starts_with(inside_)) return false;
  rest.remove_prefix(inside_.size());
  const bool own = is_module_ ? rest.starts_with(kInputs) : rest == kDevicebound;
  if (!own) return false;
  wire.assign(wire_);
  if (is_module_) {
    wire.append(kInputs);
    append_input(rest.substr(kInputs.size()), wire);
  } else {
    wire.append(rest);
  }
  wire.append("/");  // without the slash the SDK drops the message
  append_bag(message, wire);
  return true;
}

void Translator::append_bag(const core::Message& message, std::string& wire) const {
  const core::Properties& properties = message.props();
  for (const bool system : {false, true}) {
    for (const core::UserProperty& property : properties.user) {
      if (is_system(property.name) == system && is_passed_on(property.name) &&
          (property.name != "$.ct" || properties.content_type.empty()) &&
          (property.name != "$.cid" || properties.correlation_data.empty()))
        append_to_bag(wire, property.name, property.value);
    }
  }
  if (!properties.correlation_data.empty()) append_to_bag(wire, "$.cid", properties.correlation_data);
  if (!properties.content_type.empty()) append_to_bag(wire, "$.ct", properties.content_type);
  if (!is_module_) return;  // what comes from the cloud names nobody
  const core::Source* const source = message.source.get();
  const std::string& device = !source                  ? own_device_
                              : source->device.empty() ? source->client_id
                                                       : source->device;
  append_to_bag(wire, "$.cdid", device);
  if (source && !source->module.empty()) append_to_bag(wire, "$.cmid", source->module);
}

}  // namespace headgate::broker
