#include "hub/admin/edge/devices.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/text/json_nesting.h"
#include "hub/access/base64.h"
#include "hub/admin/queues.h"
#include "hub/edge/topics.h"

namespace headgate::hub {
namespace {

using DeviceJson = nlohmann::ordered_json;

core::Unexpected wrong_device_member(const std::string& name, const char* allowed) {
  return core::fail(core::Errc::invalid, name + " is wrong; allowed: " + allowed);
}

core::Status take_pairs(const DeviceJson& value, std::vector<core::UserProperty>& into) {
  constexpr const char* kAllowed = "a list of [name, value]";
  if (!value.is_array()) return wrong_device_member("user_properties", kAllowed);
  for (const DeviceJson& pair : value) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
      return wrong_device_member("user_properties", kAllowed);
    into.push_back({pair[0], pair[1]});
  }
  return {};
}

core::Status take_text(const std::string& name, const std::string& value, DeviceMessage& into) {
  core::Properties& with = into.properties;
  if (name == "message_id") {
    with.user.push_back({"$.mid", value});
  } else if (name == "correlation_id") {
    with.correlation_data = value;
  } else if (name == "content_type") {
    with.content_type = value;
  } else if (name == "content_encoding") {
    with.content_encoding = value;
  } else if (name == "payload_base64") {
    auto bytes = value.empty() ? std::optional<std::string>(std::string()) : decode_base64(value);
    if (!bytes) return wrong_device_member(name, "base64");
    into.body = *std::move(bytes);
  } else {
    return core::fail(core::Errc::invalid, "there is no member " + name);
  }
  return {};
}

core::Status take_device_member(const std::string& name, const DeviceJson& value, DeviceMessage& into) {
  if (name == "payload") {
    into.body = value.is_string() ? value.get<std::string>() : value.dump();
    return {};
  }
  if (name == "expiry_s") {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > UINT32_MAX)
      return wrong_device_member(name, "a whole number of seconds");
    into.expiry_s = value.get<uint32_t>();
    return {};
  }
  if (name == "user_properties") return take_pairs(value, into.properties.user);
  if (!value.is_string()) return wrong_device_member(name, "a text, in a member that there is");
  return take_text(name, value.get<std::string>(), into);
}

AdminResponse answer_to_send(const std::string& device, const core::Result<DeviceMessageSent>& sent) {
  if (sent) return answer_json({{"device", device}, {"seq", sent->seq}, {"waiting", sent->waiting}});
  return sent.error().code == core::Errc::full ? failed(429, sent.error().what) : refused(sent.error());
}

// Does that with the queue of the device; `none` is the answer where there is none.
AdminReply with_queue(const AdminCall& call, AdminReply (*verb)(const AdminCall&), const DeviceJson& none) {
  if (const auto found = call.hub.edge().find({call.name, {}}); !found) return refused(found.error());
  const std::string name = device_queue_name(call.name);
  if (!call.hub.store().find_queue(name)) {
    DeviceJson empty = {{"queue", name}};
    empty.update(none);
    return answer_json(empty);
  }
  return verb({call.hub, call.store, call.request, call.query, name});
}

}  // namespace

core::Result<DeviceMessage> parse_device_message(std::string_view json, const std::string& device) {
  if (!core::is_nested_within(json))
    return core::fail(core::Errc::invalid, "the body has too many levels within one another");
  const DeviceJson members = DeviceJson::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!members.is_object()) return core::fail(core::Errc::invalid, "the body is no JSON object");
  if (members.contains("payload") == members.contains("payload_base64"))
    return core::fail(core::Errc::invalid, "a message has either payload or payload_base64");
  DeviceMessage message;
  message.device = device;
  for (const auto& [name, value] : members.items())
    if (auto taken = take_device_member(name, value, message); !taken) return core::fail(taken.error());
  return message;
}

AdminReply get_device_messages(const AdminCall& call) {
  return with_queue(call, peek_queue, {{"messages", DeviceJson::array()}});
}

AdminReply post_purge_device(const AdminCall& call) {
  return with_queue(call, post_purge_queue, {{"purged", 0}});
}

AdminReply post_device_message(const AdminCall& call) {
  if (const auto found = call.hub.edge().find({call.name, {}}); !found) return refused(found.error());
  auto message = parse_device_message(call.request.body, call.name);
  if (!message) return failed(400, message.error().what);
  return AdminLater{[&hub = call.hub, message = *std::move(message)](auto done) {
    hub.edge().send_to_device(message, [done = std::move(done), device = message.device](const auto& sent) {
      done(answer_to_send(device, sent));
    });
  }};
}

}  // namespace headgate::hub
