#include "hub/engine/client_events.h"

#include <algorithm>
#include <utility>

#include "broker/codec/topic_filter.h"
#include "broker/session/channel.h"
#include "hub/engine/session_records.h"

namespace headgate::hub {
namespace {

constexpr uint8_t kSendRetained = 0;  // values of Retain Handling
constexpr uint8_t kSendRetainedIfNew = 1;

}  // namespace

// ---- start ----

core::Status ClientEvents::restore_sessions() {
  const core::Now now = parts_.clock->now();
  std::vector<StoredSession> were_connected;
  const auto visit = [&](std::string_view key, std::string_view value) -> core::Status {
    auto stored = read_session(key, value);
    if (!stored) return core::fail(stored.error());
    broker::Session& session = parts_.broker->restore(stored->session, now);
    session.queue = parts_.store->find_queue(session_queue_name(session.client_id()));
    if (session.queue) parts_.store->set_policy(*session.queue, queue_policy_);
    if (session.queue) parts_.delivery->restore_sent(*session.queue, stored->maybe_sent, false);
    if (stored->session.ended_wall_ms == 0) were_connected.push_back(std::move(*stored));
    return {};
  };
  if (const core::Status read = parts_.store->for_each(kSessionPrefix, visit); !read) return read;
  end_connections(were_connected, now);
  if (auto step = restore_subscriptions(); !step) return step;
  if (auto step = restore_packet_ids(kIncomingPrefix); !step) return step;
  if (auto step = restore_packet_ids(kReleasedPrefix); !step) return step;
  return restore_wills();
}

// Connections that ended with the last run ended now, as far as anybody knows. What their sessions' queues
// hold up to here may have been sent.
void ClientEvents::end_connections(std::vector<StoredSession>& sessions, core::Now now) {
  if (sessions.empty()) return;
  std::vector<store::KeyValue> values;
  for (StoredSession& stored : sessions) {
    stored.session.ended_wall_ms = now.wall_ms;
    values.push_back(put_session(stored));
  }
  const auto seq = parts_.store->put(values, false);
  for (const StoredSession& stored : sessions) {
    const auto session = parts_.broker->find(stored.session.client_id);
    if (seq && session->queue) parts_.delivery->restore_sent(*session->queue, *seq, true);
  }
}

core::Status ClientEvents::restore_wills() {
  const core::Now now = parts_.clock->now();
  std::vector<std::pair<std::string, broker::StoredWill>> wills;  // restoring one writes
  const auto visit = [&](std::string_view key, std::string_view value) -> core::Status {
    auto stored = read_will(key, value);
    if (!stored) return core::fail(stored.error());
    wills.emplace_back(key.substr(kWillPrefix.size()), std::move(*stored));
    return {};
  };
  if (auto read = parts_.store->for_each(kWillPrefix, visit); !read) return read;
  for (const auto& [client_id, will] : wills) parts_.broker->restore_will(client_id, will, now);
  return {};
}

core::Status ClientEvents::restore_subscriptions() {
  const auto visit = [this](std::string_view key, std::string_view value) -> core::Status {
    const auto stored = read_subscription(key, value);
    if (!stored) return core::fail(stored.error());
    if (const auto session = parts_.broker->find(stored->client_id))
      session->restore_subscription(stored->filter, stored->options);
    return {};
  };
  return parts_.store->for_each(kSubscriptionPrefix, visit);
}

core::Status ClientEvents::restore_packet_ids(std::string_view prefix) {
  return parts_.store->for_each(prefix, [&](std::string_view key, std::string_view) -> core::Status {
    const auto stored = read_packet_id(prefix, key);
    if (!stored) return core::fail(stored.error());
    const auto session = parts_.broker->find(stored->client_id);
    if (session && prefix == kIncomingPrefix) session->restore_incoming(stored->packet_id);
    if (session && prefix == kReleasedPrefix) session->restore_released(stored->packet_id);
    return {};
  });
}

// ---- sessions ----

void ClientEvents::use_queue_policy(const store::QueuePolicy& policy) {
  queue_policy_ = policy;
  parts_.broker->for_each([&](const broker::Session& session) {
    if (session.queue) parts_.store->set_policy(*session.queue, policy);
  });
}

void ClientEvents::on_connected(broker::Session& session, bool, const broker::WillChange& will) {
  if (session.persistent() && !session.queue) {
    const auto queue = parts_.store->open_queue(session_queue_name(session.client_id()));
    if (queue) session.queue = *queue;
    if (queue) parts_.store->set_policy(*queue, queue_policy_);
  }
  remember(session, 0, kAnySeq, will);
  if (session.queue) parts_.delivery->bind_session(*session.queue, session);
  // Its rights may be others than on its last connection.
  if (parts_.delivery->unbind_inputs(session)) offer_inputs();
  parts_.delivery->bind_inputs(session);
}

// What a member of a share was being sent waits for it, as long as its session lives [MQTT-4.8.2-4].
void ClientEvents::on_disconnected(broker::Session& session, const broker::WillChange& will) {
  parts_.held->on_disconnected(session);
  remember(session, parts_.clock->now().wall_ms, parts_.delivery->maybe_sent(session), will);
  if (parts_.delivery->consumes_inputs(session)) offer_inputs();
}

void ClientEvents::on_session_ended(broker::Session& session) {
  parts_.held->on_session_ended(session);
  parts_.shares->hand_over(session, parts_.delivery->maybe_sent(session));
  const bool consumer = parts_.delivery->consumes_inputs(session);
  parts_.delivery->unbind(session);
  if (session.queue) forget_session(session);
  if (consumer) offer_inputs();
}

// Somebody may be standing by for an input that has lost its consumer.
void ClientEvents::offer_inputs() {
  parts_.broker->for_each([this](broker::Session& session) {
    if (session.connected()) parts_.delivery->bind_inputs(session);
  });
}

// The session's record and its will's, in one write. A session that was kept and will not be again still has a
// record, until it ends.
void ClientEvents::remember(const broker::Session& session, int64_t ended_wall_ms, store::Seq maybe_sent,
                            const broker::WillChange& will) {
  std::vector<store::KeyValue> values;
  if (session.queue) {
    const broker::Identity& owner = session.identity();
    values.push_back(put_session(
        {{session.client_id(), session.expiry_s(), ended_wall_ms, owner.username, owner.edge}, maybe_sent}));
  }
  if (will) values.push_back(put_will(session.client_id(), *will));
  // If the store has failed, its owner has been told; the session lives on in memory.
  if (!values.empty()) (void)parts_.store->put(values, false);
}

void ClientEvents::forget_session(broker::Session& session) {
  std::vector<store::KeyValue> values{erase_session(session.client_id())};
  for (const auto& [filter, options] : session.subscriptions()) {
    values.push_back(erase_subscription(session.client_id(), filter));
  }
  for (const uint16_t id : session.incoming_ids()) {
    values.push_back(erase_packet_id(kIncomingPrefix, session.client_id(), id));
  }
  for (const uint16_t id : session.released_ids()) {
    values.push_back(erase_packet_id(kReleasedPrefix, session.client_id(), id));
  }
  (void)parts_.store->put(values);
  if (const auto removed = parts_.store->remove_queue(*session.queue); !removed) {
    parts_.log->error("queue_remove_failed",
                      {{"client", session.client_id()}, {"error", removed.error().what}});
  }
  session.queue.reset();
}

// ---- wills ----

void ClientEvents::on_will(broker::Session& session, const broker::StoredWill& will) {
  const store::KeyValue value = put_will(session.client_id(), will);
  (void)parts_.store->put(std::span(&value, 1), false);  // if the store has failed, its owner has been told
}

void ClientEvents::on_will_due(broker::Session& session, core::MessagePtr will) {
  parts_.ingest->publish_will(session, will);
}

// ---- publishing ----

void ClientEvents::on_publish(broker::Session& from, core::MessagePtr message, broker::PublishToken token) {
  parts_.ingest->publish(from, message, token);
}

void ClientEvents::on_release(broker::Session& from, uint16_t packet_id) {
  // Before PUBCOMP the id must be forgotten durably: the client may use it for a new message at once.
  if (!from.queue) return from.released(packet_id);
  answer_when_durable(from, Waits::Answer::released, packet_id,
                      {erase_packet_id(kIncomingPrefix, from.client_id(), packet_id)});
}

// ---- subscribing ----

void ClientEvents::on_subscribed(broker::Session& session, uint16_t packet_id,
                                 std::vector<broker::AcceptedSubscription> accepted,
                                 std::vector<broker::ReasonCode> codes) {
  std::vector<store::KeyValue> values;
  if (session.queue) {
    for (const auto& one : accepted)
      values.push_back(put_subscription(session.client_id(), one.filter, one.options));
  }
  answer_when_durable(session, Waits::Answer::subscribed, packet_id, values, std::move(codes));
  for (const auto& one : accepted) {
    if (broker::split_topic_filter(one.filter).is_shared()) continue;  // (MQTT 5.0 section 4.8.2)
    const uint8_t handling = one.options.retain_handling;
    // [MQTT-3.3.1-9, MQTT-3.3.1-10, MQTT-3.3.1-11, MQTT-3.8.4-4]
    if (handling == kSendRetained || (handling == kSendRetainedIfNew && one.is_new)) {
      parts_.ingest->send_retained(session, one.filter, one.options);
      if (sys_feed_) sys_feed_->send_current(session, one.filter, one.options, parts_.clock->now());
    }
  }
  parts_.delivery->bind_inputs(session);
}

// Rights have changed: inputs go to whoever may have them now.
void ClientEvents::on_grants_renewed() {
  parts_.broker->for_each(
      [this](broker::Session& session) { (void)parts_.delivery->unbind_inputs(session); });
  offer_inputs();
}

void ClientEvents::on_unsubscribed(broker::Session& session, uint16_t packet_id,
                                   std::vector<std::string> removed, std::vector<broker::ReasonCode> codes) {
  std::vector<store::KeyValue> values;
  if (session.queue) {
    for (const std::string& filter : removed)
      values.push_back(erase_subscription(session.client_id(), filter));
  }
  if (parts_.delivery->unbind_inputs(session)) offer_inputs();
  answer_when_durable(session, Waits::Answer::unsubscribed, packet_id, values, std::move(codes));
}

void ClientEvents::answer_when_durable(broker::Session& session, Waits::Answer answer, uint16_t packet_id,
                                       const std::vector<store::KeyValue>& values,
                                       std::vector<broker::ReasonCode> codes) {
  if (values.empty()) return answer_now(session, answer, packet_id, codes);
  const auto seq = parts_.store->put(values);
  if (!seq) {  // no promise, no answer: the client must not wait for one
    if (broker::Channel* channel = session.channel()) {
      channel->close(broker::ReasonCode::implementation_specific_error);
    }
    return;
  }
  const broker::PublishToken token{.packet_id = packet_id, .connection = session.connection()};
  parts_.waits->add({*seq, answer, session.shared_from_this(), token, std::move(codes)});
}

void ClientEvents::answer_now(broker::Session& session, Waits::Answer answer, uint16_t packet_id,
                              const std::vector<broker::ReasonCode>& codes) {
  if (answer == Waits::Answer::subscribed) session.subscribed(packet_id, codes);
  if (answer == Waits::Answer::unsubscribed) session.unsubscribed(packet_id, codes);
}

// ---- deliveries ----

// Undelivered is dropped: what one member of a share refuses goes to no other [MQTT-4.8.2-6].
void ClientEvents::on_delivered(broker::Session& session, broker::DeliveryToken token, bool delivered) {
  const auto outcome = delivered ? store::Outcome::delivered : store::Outcome::dropped;
  parts_.store->finish(token.queue, token.lane, token.seq, outcome);
  parts_.delivery->on_window_open(session);
}

void ClientEvents::on_received(broker::Session& session, uint16_t packet_id, broker::DeliveryToken token) {
  parts_.store->finish(token.queue, token.lane, token.seq, store::Outcome::delivered);
  // After PUBREL the client forgets the id, so the PUBLISH must not come again, not even after a power cut.
  if (!session.queue) return session.release(packet_id);
  answer_when_durable(session, Waits::Answer::release, packet_id,
                      {put_packet_id(kReleasedPrefix, session.client_id(), packet_id)});
}

void ClientEvents::on_completed(broker::Session& session, uint16_t packet_id) {
  if (!session.queue) return;
  const store::KeyValue gone = erase_packet_id(kReleasedPrefix, session.client_id(), packet_id);
  // Losing this only makes PUBREL go out once more.
  (void)parts_.store->put(std::span(&gone, 1), false);
}

void ClientEvents::on_window_open(broker::Session& session) { parts_.delivery->on_window_open(session); }

}  // namespace headgate::hub
