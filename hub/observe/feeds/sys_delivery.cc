#include "hub/observe/feeds/sys_delivery.h"

#include <memory>
#include <span>

#include "broker/session/shared_publish.h"
#include "core/message.h"
#include "core/topic.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kFirstLevel = "$SYS";

core::MessagePtr message_of(const SysTopic& topic, core::Now now) {
  auto message = std::make_shared<core::Message>();
  message->topic = topic.name;
  message->body = topic.value;
  message->arrived_ms = now.wall_ms;
  message->arrived_hub_ms = now.hub_ms;
  return message;
}

// Delivers for one filter, at QoS 0 and with the filter's own identifier.
void deliver(broker::Session& session, broker::SharedPublish& message, bool retain,
             const broker::SubscriptionOptions& options, core::Now now) {
  const std::span<const uint32_t> ids(&options.id, options.id == 0 ? 0 : 1);
  session.deliver_from_memory(message, 0, retain, ids, now);
}

}  // namespace

bool is_sys_watched(const broker::Broker& broker) {
  return broker.subscriptions().has_first_level(kFirstLevel);
}

bool is_sys_filter(std::string_view filter) { return core::TopicLevels(filter).next() == kFirstLevel; }

void send_to_watchers(const broker::Broker& broker, const SysTopic& topic, core::Now now) {
  broker::SharedPublish shared(message_of(topic, now));
  const auto visit = [&](broker::Session* session, const broker::SubscriptionOptions& options) {
    if (session->connected()) deliver(*session, shared, false, options, now);
  };
  const auto visit_share = [&](const broker::ShareGroup& group) {
    const auto connected = [](const broker::Subscriber& one) { return one.session->connected() ? 1 : 0; };
    if (const broker::Subscriber* one = group.choose(1, connected)) visit(one->session, one->options);
  };
  broker.subscriptions().match(topic.name, visit, visit_share);
}

void send_as_retained(broker::Session& session, const SysTopic& topic,
                      const broker::SubscriptionOptions& options, core::Now now) {
  broker::SharedPublish shared(message_of(topic, now));
  deliver(session, shared, true, options, now);
}

}  // namespace headgate::hub
