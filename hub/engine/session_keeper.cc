#include "hub/engine/session_keeper.h"

#include <utility>

namespace headgate::hub {

// ---- start ----

core::Status SessionKeeper::restore() {
  if (auto step = restore_sessions(); !step) return step;
  if (auto step = restore_subscriptions(); !step) return step;
  if (auto step = restore_incoming(); !step) return step;
  if (auto step = restore_released(); !step) return step;
  return restore_wills();
}

core::Status SessionKeeper::restore_sessions() {
  const core::Now now = clock_.now();
  std::vector<StoredSession> were_connected;
  const auto visit = [&](std::string_view key, std::string_view value) -> core::Status {
    auto stored = read_session(key, value);
    if (!stored) return core::fail(stored.error());
    restore_session(*stored, now);
    if (stored->session.ended_hub_ms == 0) were_connected.push_back(std::move(*stored));
    return {};
  };
  if (auto read = store_.for_each(kSessionPrefix, visit); !read) return read;
  end_connections(were_connected, now);
  return {};
}

void SessionKeeper::restore_session(const StoredSession& stored, core::Now now) {
  broker::Session& session = broker_.restore(stored.session, now);
  session.queue = store_.find_queue(session_queue_name(session.client_id()));
  if (!session.queue) return;
  store_.set_policy(*session.queue, queue_policy_);
  if (const uint64_t dropped = store_.stats(*session.queue).dropped; dropped != 0)
    seen_drops_[*session.queue] = dropped;
  delivery_.restore_sent(*session.queue, stored.maybe_sent, false);
}

// Connections that ended with the last run ended now, as far as anybody knows. Entries that their sessions'
// queues hold up to here may have been sent; what comes later has not, and the record says so for the next start.
void SessionKeeper::end_connections(std::vector<StoredSession>& sessions, core::Now now) {
  if (sessions.empty()) return;
  std::vector<store::KeyValue> values;
  for (StoredSession& stored : sessions) {
    stored.session.ended_hub_ms = now.hub_ms;
    values.push_back(put_session(stored));
  }
  const auto seq = store_.put(values, false);
  if (!seq) return;
  values.clear();
  for (StoredSession& stored : sessions) {
    stored.maybe_sent = *seq;
    values.push_back(put_session(stored));
    const auto session = broker_.find(stored.session.client_id);
    if (session->queue) delivery_.restore_sent(*session->queue, *seq, true);
  }
  (void)store_.put(values, false);
}

core::Status SessionKeeper::restore_subscriptions() {
  return store_.for_each(kSubscriptionPrefix,
                         [this](std::string_view key, std::string_view value) -> core::Status {
                           const auto stored = read_subscription(key, value);
                           if (!stored) return core::fail(stored.error());
                           if (const auto session = broker_.find(stored->client_id))
                             session->restore_subscription(stored->filter, stored->options);
                           return {};
                         });
}

core::Status SessionKeeper::restore_incoming() {
  return store_.for_each(kIncomingPrefix, [this](std::string_view key, std::string_view) -> core::Status {
    const auto stored = read_packet_id(kIncomingPrefix, key);
    if (!stored) return core::fail(stored.error());
    if (const auto session = broker_.find(stored->client_id)) session->restore_incoming(stored->packet_id);
    return {};
  });
}

core::Status SessionKeeper::restore_released() {
  return store_.for_each(kReleasedPrefix, [this](std::string_view key, std::string_view) -> core::Status {
    const auto stored = read_packet_id(kReleasedPrefix, key);
    if (!stored) return core::fail(stored.error());
    if (const auto session = broker_.find(stored->client_id)) session->restore_released(stored->packet_id);
    return {};
  });
}

core::Status SessionKeeper::restore_wills() {
  const core::Now now = clock_.now();
  std::vector<std::pair<std::string, broker::StoredWill>> wills;  // restoring one writes
  const auto visit = [&](std::string_view key, std::string_view value) -> core::Status {
    auto stored = read_will(key, value);
    if (!stored) return core::fail(stored.error());
    wills.emplace_back(key.substr(kWillPrefix.size()), std::move(*stored));
    return {};
  };
  if (auto read = store_.for_each(kWillPrefix, visit); !read) return read;
  for (const auto& [client_id, will] : wills) broker_.restore_will(client_id, will, now);
  return {};
}

// ---- sessions ----

void SessionKeeper::use_queue_policy(const store::QueuePolicy& policy) {
  queue_policy_ = policy;
  broker_.for_each([&](const broker::Session& session) {
    if (session.queue) store_.set_policy(*session.queue, policy);
  });
}

void SessionKeeper::on_connected(broker::Session& session, const broker::WillChange& will) {
  if (session.persistent() && !session.queue) {
    const auto queue =
        store_.open_queue(session_queue_name(session.client_id()), {store::QueueKind::session});
    if (queue) session.queue = *queue;
    if (queue) store_.set_policy(*queue, queue_policy_);
  }
  remember(session, 0, kAnySeq, will);
}

void SessionKeeper::on_disconnected(const broker::Session& session, const broker::WillChange& will) {
  remember(session, clock_.now().hub_ms, delivery_.maybe_sent(session), will);
}

// A session that was kept and will not be again still has a record, until it ends.
void SessionKeeper::remember(const broker::Session& session, int64_t ended_hub_ms, store::Seq maybe_sent,
                             const broker::WillChange& will) {
  std::vector<store::KeyValue> values;
  if (session.queue) {
    const broker::Identity& owner = session.identity();
    values.push_back(put_session({{session.client_id(), session.expiry_s(), ended_hub_ms, owner.username,
                                   owner.edge, owner.registered},
                                  maybe_sent}));
  }
  if (will) values.push_back(put_will(session.client_id(), *will));
  if (!values.empty()) (void)store_.put(values, false);
}

// Ten seconds are soon enough for a log that has a line a minute.
void SessionKeeper::tick(core::Now now) {
  constexpr int64_t kEveryMs = 10'000;
  if (now.mono_ms - looked_mono_ms_ < kEveryMs) return;
  looked_mono_ms_ = now.mono_ms;
  broker_.for_each([this](broker::Session& session) {
    if (session.queue) count_drops(session);
  });
}

void SessionKeeper::count_drops(broker::Session& session) {
  const uint64_t dropped = store_.stats(*session.queue).dropped;
  if (dropped == 0) return;
  uint64_t& seen = seen_drops_[*session.queue];
  if (dropped > seen) session.count_stored_drops(broker::DropReason::queue_full, dropped - seen);
  seen = dropped;
}

// Nobody will come for what waits. It was acknowledged to its publishers, so its end is told.
void SessionKeeper::count_what_is_lost(broker::Session& session) {
  const store::QueueStats& queue = store_.stats(*session.queue);
  count_drops(session);
  seen_drops_.erase(*session.queue);
  if (!session.abandoned || queue.waiting() == 0) return;
  session.count_stored_drops(broker::DropReason::session_expired, queue.waiting());
  log_.warn("session_dropped", {{"client", session.client_id()},
                                {"messages", queue.waiting()},
                                {"bytes", queue.waiting_bytes()},
                                {"away_s", session.expiry_s()}});
}

void SessionKeeper::forget(broker::Session& session) {
  if (!session.queue) return;
  count_what_is_lost(session);
  std::vector<store::KeyValue> values{erase_session(session.client_id())};
  for (const auto& [filter, options] : session.subscriptions())
    values.push_back(erase_subscription(session.client_id(), filter));
  for (const uint16_t id : session.incoming_ids())
    values.push_back(erase_packet_id(kIncomingPrefix, session.client_id(), id));
  for (const uint16_t id : session.released_ids())
    values.push_back(erase_packet_id(kReleasedPrefix, session.client_id(), id));
  (void)store_.put(values);
  if (const auto removed = store_.remove_queue(*session.queue); !removed) {
    log_.error("queue_remove_failed", {{"client", session.client_id()}, {"error", removed.error().what}});
  }
  session.queue.reset();
}

void SessionKeeper::keep_will(const broker::Session& session, const broker::StoredWill& will) {
  const store::KeyValue value = put_will(session.client_id(), will);
  (void)store_.put(std::span(&value, 1), false);
}

// ---- subscriptions and packet ids ----

std::vector<store::KeyValue> SessionKeeper::subscribed(
    const broker::Session& session, std::span<const broker::AcceptedSubscription> accepted) {
  std::vector<store::KeyValue> values;
  if (!session.queue) return values;
  for (const broker::AcceptedSubscription& one : accepted)
    values.push_back(put_subscription(session.client_id(), one.filter, one.options));
  return values;
}

std::vector<store::KeyValue> SessionKeeper::unsubscribed(const broker::Session& session,
                                                         std::span<const std::string> filters) {
  std::vector<store::KeyValue> values;
  if (!session.queue) return values;
  for (const std::string& filter : filters) values.push_back(erase_subscription(session.client_id(), filter));
  return values;
}

// After PUBREL the client forgets the id of a delivery, so its PUBLISH must not come again, not even after a
// power cut.
std::vector<store::KeyValue> SessionKeeper::received(const broker::Session& session, uint16_t packet_id) {
  if (!session.queue) return {};
  return {put_packet_id(kReleasedPrefix, session.client_id(), packet_id)};
}

// Before PUBCOMP the id of a publish must be forgotten durably: the client may use it for a new message at once.
std::vector<store::KeyValue> SessionKeeper::released(const broker::Session& session, uint16_t packet_id) {
  if (!session.queue) return {};
  return {erase_packet_id(kIncomingPrefix, session.client_id(), packet_id)};
}

void SessionKeeper::forget_released(const broker::Session& session, uint16_t packet_id) {
  if (!session.queue) return;
  const store::KeyValue gone = erase_packet_id(kReleasedPrefix, session.client_id(), packet_id);
  (void)store_.put(std::span(&gone, 1), false);
}

}  // namespace headgate::hub
