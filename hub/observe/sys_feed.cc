#include "hub/observe/sys_feed.h"

#include <memory>
#include <span>
#include <utility>

#include "broker/session/shared_publish.h"
#include "core/message.h"
#include "core/topic.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kFirstLevel = "$SYS";

core::MessagePtr message_of(std::string name, std::string value, core::Now now) {
  auto message = std::make_shared<core::Message>();
  message->topic = std::move(name);
  message->body = std::move(value);
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

bool SysFeed::watched() const { return broker_.subscriptions().has_first_level(kFirstLevel); }

void SysFeed::tick(core::Now now) {
  if (interval_s_ == 0) return;
  if (!watched()) {
    active_ = false;
    return;
  }
  if (active_ && now.mono_ms < next_ms_) return;
  active_ = true;
  next_ms_ = now.mono_ms + int64_t{interval_s_} * 1000;
  for (const SysTopic& topic : topics_.update(read_(), now)) publish(topic, now);
}

void SysFeed::publish(const SysTopic& topic, core::Now now) const {
  broker::SharedPublish shared(message_of(topic.name, topic.value, now));
  const auto visit = [&](broker::Session* session, const broker::SubscriptionOptions& options) {
    if (session->connected()) deliver(*session, shared, false, options, now);
  };
  const auto visit_share = [&](const broker::ShareGroup& group) {
    const auto connected = [](const broker::Subscriber& one) { return one.session->connected() ? 1 : 0; };
    if (const broker::Subscriber* one = group.choose(1, connected)) visit(one->session, one->options);
  };
  broker_.subscriptions().match(topic.name, visit, visit_share);
}

void SysFeed::send_current(broker::Session& session, const std::string& filter,
                           const broker::SubscriptionOptions& options, core::Now now) {
  if (interval_s_ == 0 || core::TopicLevels(filter).next() != kFirstLevel) return;
  if (!active_) {  // nobody has watched: the last values are old, and nobody else wants the changes
    active_ = true;
    next_ms_ = now.mono_ms + int64_t{interval_s_} * 1000;
    topics_.update(read_(), now);
  }
  for (const auto& [name, value] : topics_.values()) {
    if (!core::topic_matches(filter, name)) continue;
    broker::SharedPublish shared(message_of(name, value, now));
    deliver(session, shared, true, options, now);
  }
}

}  // namespace headgate::hub
