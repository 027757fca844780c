#include "hub/engine/publish/fan_out.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "broker/session/shared_publish.h"
#include "hub/engine/publish/addressing.h"
#include "hub/engine/shares.h"

namespace headgate::hub {

void FanOut::find(const broker::Session* from, const core::Message& message) {
  subscribers_.clear();
  ++stamp_;
  broker_.subscriptions().match(
      message.topic,
      [&](broker::Session* session, const broker::SubscriptionOptions& options) {
        if (options.no_local && session == from) return;  // [MQTT-3.8.3-3]
        add(*session, options);
      },
      [&](const broker::ShareGroup& group) { add_member(group, message); });
  std::ranges::move(members_, std::back_inserter(subscribers_));
  members_.clear();
}

// 3.1.1 [MQTT-3.3.5-1]
void FanOut::add(broker::Session& session, const broker::SubscriptionOptions& options) {
  if (session.match.stamp != stamp_) {
    session.match = {stamp_, static_cast<uint32_t>(subscribers_.size())};
    subscribers_.push_back({&session, 0, false, false, {}});
  }
  Subscriber& subscriber = subscribers_[session.match.index];
  subscriber.qos = std::max(subscriber.qos, options.qos);  // [MQTT-3.3.4-2]
  subscriber.retain_as_published |= options.retain_as_published;
  // [MQTT-3.3.4-3]
  if (options.id != 0) subscriber.ids.push_back(options.id);  // [MQTT-3.3.4-4]
}

// A member gets a copy of its own, whatever else it subscribes to (MQTT 5.0 section 4.8.2).
void FanOut::add_member(const broker::ShareGroup& group, const core::Message& message) {
  const broker::Subscriber* member = choose_member(group, message);
  if (!member) return;
  const broker::SubscriptionOptions& options = member->options;
  members_.push_back({member->session, options.qos, options.retain_as_published, true, {}});
  if (options.id != 0) members_.back().ids.push_back(options.id);
}

// [MQTT-4.5.0-1, MQTT-3.3.1-12, MQTT-3.3.1-13]; 3.1.1 [MQTT-3.1.2-5, MQTT-4.5.0-1, MQTT-3.3.1-9]
void FanOut::add_targets(const core::Message& message, std::vector<store::Target>& targets,
                         std::vector<store::Target>& more) const {
  for (const Subscriber& subscriber : subscribers_) {
    const uint8_t qos = std::min(subscriber.qos, message.qos);
    if (!is_queued(*subscriber.session, qos)) continue;
    const bool retain = message.retain && subscriber.retain_as_published;
    auto target =
        queue_target(*subscriber.session, message, {qos, retain, subscriber.shared, subscriber.ids});
    if (!target) continue;
    // A queue takes a message once in an append; only a share can bring it there a second time.
    const bool twice = subscriber.shared &&
                       std::ranges::find(targets, target->queue, &store::Target::queue) != targets.end();
    (twice ? more : targets).push_back(*std::move(target));
  }
}

// [MQTT-4.6.0-5, MQTT-4.6.0-6]; 3.1.1 [MQTT-3.8.4-6, MQTT-4.6.0-5, MQTT-4.6.0-6]
void FanOut::deliver_from_memory(const core::MessagePtr& message, core::Now now) const {
  if (subscribers_.empty()) return;
  broker::SharedPublish shared(message);
  for (const Subscriber& subscriber : subscribers_) {
    const uint8_t qos = std::min(subscriber.qos, message->qos);
    if (is_queued(*subscriber.session, qos)) continue;  // once stored
    const bool retain = message->retain && subscriber.retain_as_published;
    subscriber.session->deliver_from_memory(
        shared, qos, retain, subscriber.ids, now,
        subscriber.shared ? broker::Via::share : broker::Via::subscription);
  }
}

}  // namespace headgate::hub
