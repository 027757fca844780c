#include "hub/engine/shares.h"

#include <algorithm>
#include <utility>

#include "broker/codec/topic_filter.h"
#include "broker/session/shared_publish.h"
#include "core/topic.h"
#include "hub/engine/publish/addressing.h"

namespace headgate::hub {
namespace {

// How well a member can take a message; 0: not at all.
enum Rank : int { kNever, kWouldDrop, kKeepsIt, kConnected, kAtOnce };

Rank rank_of(const broker::Subscriber& member, const core::Message& message) {
  const broker::Session& session = *member.session;
  const bool durable = session.queue && std::min(member.options.qos, message.qos) > 0;
  if (!session.rights().may_receive(message.topic)) return kNever;
  if (session.window() > 0) return kAtOnce;
  if (session.connected() && (durable || session.may_wait())) return kConnected;
  if (durable) return kKeepsIt;
  return session.connected() ? kWouldDrop : kNever;
}

bool has_shares(const broker::Session& session) {
  return std::ranges::any_of(session.subscriptions(), [](const auto& subscription) {
    return broker::split_topic_filter(subscription.first).is_shared();
  });
}

}  // namespace

const broker::Subscriber* choose_member(const broker::ShareGroup& group, const core::Message& message) {
  return group.choose(kAtOnce,
                      [&](const broker::Subscriber& member) -> int { return rank_of(member, message); });
}

uint64_t Shares::hand_over(broker::Session& ended, store::Seq sent) {
  if (!has_shares(ended)) return 0;
  size_t lost = 0;
  for (const core::MessagePtr& message : ended.extract_shared())
    lost += give_to_another(ended, message) ? 0 : 1;
  const Moved moved = ended.queue ? hand_over_queue(ended, sent) : Moved{};
  lost += moved.lost;
  if (lost == 0) return moved.handed;
  log_.warn("shared_messages_dropped",
            {{"client", ended.client_id()},
             {"messages", lost},
             {"reason", "its session ended, and no other member of the group could take them"}});
  return moved.handed;
}

Shares::Moved Shares::hand_over_queue(const broker::Session& ended, store::Seq sent) {
  Moved moved;
  store::Seq after = 0;
  for (size_t seen = 0; seen < kHandOverMax;) {
    const auto entries = store_.read(*ended.queue, store::kDefaultLane, after, {}, clock_.now());
    if (!entries || entries->empty()) return moved;
    for (const store::Entry& entry : *entries) {
      after = entry.seq;
      ++seen;
      const DeliveryTag tag = read_tag(entry.tag);
      const bool may_have_it = tag.qos == 2 && entry.seq <= sent;
      if (tag.shared && !may_have_it) ++(give_to_another(ended, entry.message) ? moved.handed : moved.lost);
    }
  }
  log_.warn("shared_messages_not_looked_at",
            {{"client", ended.client_id()},
             {"looked_at", kHandOverMax},
             {"reason", "its session ended with more than is handed over at once; the rest is dropped"}});
  return moved;
}

// Finds the group by any matching filter: the share that a message came by is not kept. That its filter
// matches is enough to find the group.
bool Shares::give_to_another(const broker::Session& ended, const core::MessagePtr& message) {
  if (message->expires_ms != 0 && message->expires_ms <= clock_.now().hub_ms) return true;
  for (const auto& [text, options] : ended.subscriptions()) {
    const broker::TopicFilter filter = broker::split_topic_filter(text);
    if (!filter.is_shared() || !core::topic_matches(filter.filter, message->topic)) continue;
    const broker::ShareGroup* group = broker_.subscriptions().find_share(text);
    const broker::Subscriber* member = group ? choose_member(*group, *message) : nullptr;
    if (member && give(*member, message)) return true;
  }
  return false;
}

bool Shares::give(const broker::Subscriber& member, const core::MessagePtr& message) {
  const uint8_t qos = std::min(member.options.qos, message->qos);  // [MQTT-4.8.2-3]
  const bool retain = message->retain && member.options.retain_as_published;
  std::vector<uint32_t> ids;
  if (member.options.id != 0) ids.push_back(member.options.id);
  if (is_queued(*member.session, qos)) {
    auto target = queue_target(*member.session, *message, {qos, retain, true, std::move(ids)});
    if (!target) return false;
    target->moved = true;
    return store_.append(message, std::span(&*target, 1)).has_value();
  }
  broker::SharedPublish shared(message);
  member.session->deliver_from_memory(shared, qos, retain, ids, clock_.now(), broker::Via::share);
  return true;
}

}  // namespace headgate::hub
