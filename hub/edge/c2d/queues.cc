#include "hub/edge/c2d/queues.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/topic.h"
#include "hub/edge/topics.h"
#include "hub/engine/durable_waits.h"

namespace headgate::hub {
namespace {

core::Unexpected wrong_message(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

size_t bytes_of(const DeviceMessage& message) {
  const core::Properties& with = message.properties;
  size_t bytes = message.body.size() + with.content_type.size() + with.content_encoding.size() +
                 with.correlation_data.size();
  for (const core::UserProperty& one : with.user) bytes += one.name.size() + one.value.size();
  return bytes;
}

core::Status check_message(const DeviceMessage& message) {
  if (message.expiry_s == 0 || message.expiry_s > kDeviceExpiryMaxS)
    return wrong_message("the expiry is 1 to " + std::to_string(kDeviceExpiryMaxS) + " s");
  if (bytes_of(message) > kDeviceMessageBytesMax)
    return wrong_message("body and properties have more than " + std::to_string(kDeviceMessageBytesMax) +
                         " bytes");
  const core::Properties& with = message.properties;
  const auto is_text = [](const core::UserProperty& one) {
    return !one.name.empty() && core::is_valid_utf8(one.name) && core::is_valid_utf8(one.value);
  };
  const std::array texts = {&with.content_type, &with.content_encoding, &with.correlation_data};
  const bool all =
      std::ranges::all_of(with.user, is_text) &&
      std::ranges::all_of(texts, [](const std::string* text) { return core::is_valid_utf8(*text); });
  if (!all) return wrong_message("a property has no name, or is not UTF-8");
  return {};
}

core::MessagePtr made_of(const DeviceMessage& message, core::Now now) {
  auto made = std::make_shared<core::Message>();
  made->topic = device_queue_name(message.device);
  made->body = message.body;
  core::Properties with = message.properties;
  with.user.push_back({"$.to", "/devices/" + message.device + "/messages/deviceBound"});  // as IoT Hub does
  made->properties = std::make_shared<const core::Properties>(std::move(with));
  made->arrived_ms = now.wall_ms;
  made->arrived_hub_ms = now.hub_ms;
  made->expires_ms = now.hub_ms + int64_t{message.expiry_s} * 1'000;
  made->qos = 1;
  return made;
}

}  // namespace

void DeviceQueues::send(const DeviceMessage& message, EdgeVerbs::OnSent done) {
  if (const auto right = check_message(message); !right) return refuse(right.error(), done);
  const auto seq = append(message);
  if (!seq) return refuse(seq.error(), done);
  parts_.waits.wait(*seq, [this, seq = *seq, device = message.device, done = std::move(done)](bool durable) {
    if (!durable)
      return refuse(
          {core::Errc::unavailable, "the store failed before the message was durable; send it again"}, done);
    ++counts_.sent;
    const auto queue = parts_.store.find_queue(device_queue_name(device));
    done(DeviceMessageSent{seq, queue ? parts_.store.stats(*queue).waiting() : 0});
  });
}

core::Result<store::Seq> DeviceQueues::append(const DeviceMessage& message) {
  const auto queue = queue_of(message.device);
  if (!queue) return core::fail(queue.error());
  if (parts_.store.stats(*queue).waiting() >= kDeviceMessagesMax)
    return core::fail(core::Errc::full, "as many messages wait for '" + message.device +
                                            "' as may: " + std::to_string(kDeviceMessagesMax));
  const core::MessagePtr made = made_of(message, parts_.clock.now());
  const store::Target target{.queue = *queue, .expires_ms = made->expires_ms};
  return parts_.store.append(made, {&target, 1});
}

core::Result<uint64_t> DeviceQueues::purge(const std::string& device) {
  const auto queue = parts_.store.find_queue(device_queue_name(device));
  return queue ? parts_.store.purge(*queue) : core::Result<uint64_t>(0);
}

core::Result<store::QueueId> DeviceQueues::queue_of(const std::string& device) {
  const std::string name = device_queue_name(device);
  if (const auto known = parts_.store.find_queue(name)) return *known;
  auto made = parts_.store.open_queue(name, {store::QueueKind::input});
  if (!made) return made;
  parts_.store.set_policy(*made, kDeviceQueuePolicy);
  changed_();
  return made;
}

void DeviceQueues::refuse(const core::Error& error, const EdgeVerbs::OnSent& done) {
  const bool failed = error.code == core::Errc::unavailable || error.code == core::Errc::io;
  ++(failed ? counts_.failed : counts_.refused);
  done(core::fail(error));
}

}  // namespace headgate::hub
