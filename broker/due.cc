// Events that a broker waits for: wills and their delays, and the ends of sessions.
#include <algorithm>
#include <utility>

#include "broker/broker.h"
#include "broker/codec/packets/connect.h"
#include "broker/session/pending_connect.h"

namespace headgate::broker {
namespace {

// Names the owner of a session or a will that comes back from the store.
template <typename Stored>
Identity owner_of(const Stored& stored) {
  Identity owner;
  owner.username = stored.username;
  owner.edge = stored.edge;
  owner.registered = stored.registered;
  return owner;
}

}  // namespace

// ---- wills ----

WillChange Broker::remember_will(Client& client, const PendingConnect& pending, core::Now now) {
  const Connect& connect = pending.connect;
  if (!connect.will) return drop_will(client);
  auto will = std::make_shared<core::Message>();
  will->topic = pending.will ? std::string_view(pending.will->topic) : connect.will->topic;
  will->body = connect.will->payload;
  will->properties = pending.will ? pending.will->properties : to_core(connect.will->properties);
  will->source = client.session->source();
  will->arrived_ms = now.wall_ms;
  will->arrived_hub_ms = now.hub_ms;
  will->qos = connect.will->qos;
  will->retain = connect.will->retain && !pending.will;
  client.will = std::move(will);
  client.will_expiry_s = connect.will->properties.expiry_s.value_or(0);
  client.will_delay_s = connect.will->delay_s;
  return stored_will(client, 0);
}

WillChange Broker::drop_will(Client& client) {
  client.will_due_ms = 0;
  if (!std::exchange(client.will, nullptr)) return std::nullopt;
  return StoredWill{};
}

StoredWill Broker::delay_will(Client& client, core::Now now) {
  const int64_t delay_ms = int64_t{client.will_delay_s} * 1000;
  client.will_due_ms = now.hub_ms + delay_ms;
  return stored_will(client, client.will_due_ms);
}

StoredWill Broker::stored_will(const Client& client, int64_t due_hub_ms) {
  const Identity& owner = client.session->identity();
  return {client.will,    client.will_expiry_s, client.will_delay_s, due_hub_ms,
          owner.username, owner.edge,           owner.registered};
}

// The end of a connection takes a will away, or begins its delay. A will that is due at once is kept until its
// publication.
WillChange Broker::will_after(Client& client, bool graceful, core::Now now) {
  if (graceful) return drop_will(client);  // [MQTT-3.14.4-3]
  const bool waits = client.will && client.will_delay_s > 0 && client.session->expiry_s() > 0;
  if (!waits) return std::nullopt;
  return delay_will(client, now);
}

void Broker::publish_will(Client& client, core::Now now) {
  client.will_due_ms = 0;
  const core::MessagePtr kept = std::exchange(client.will, nullptr);
  if (!client.session->may_publish(kept->topic)) return context_.events->on_will(*client.session, {});
  auto will = std::make_shared<core::Message>(*kept);
  will->arrived_ms = now.wall_ms;
  will->arrived_hub_ms = now.hub_ms;
  if (client.will_expiry_s != 0) will->expires_ms = now.hub_ms + int64_t{client.will_expiry_s} * 1000;
  context_.events->on_will_due(*client.session, std::move(will));  // [MQTT-3.1.2-8]
}

// ---- ends ----

void Broker::end_session(const std::string& client_id, core::Now now) {
  const auto it = clients_.find(client_id);
  Client& client = it->second;
  if (client.will) publish_will(client, now);  // the session's end cuts a will's delay short
  client.ends_ms = 0;
  schedule(client);
  const std::shared_ptr<Session> session = std::move(client.session);
  clients_.erase(it);
  session->end();
  context_.events->on_session_ended(*session);
}

void Broker::schedule(Client& client) {
  const int64_t will_ms = client.will_due_ms;
  const int64_t ends_ms = client.ends_ms;
  const int64_t next_ms =
      will_ms == 0 || ends_ms == 0 ? std::max(will_ms, ends_ms) : std::min(will_ms, ends_ms);
  if (next_ms == client.timer_ms) return;
  const std::string& client_id = client.session->client_id();
  if (client.timer_ms != 0) due_.erase({client.timer_ms, client_id});
  client.timer_ms = next_ms;
  if (next_ms != 0) due_.emplace(next_ms, client_id);
}

void Broker::run_due(core::Now now) {
  while (!due_.empty() && due_.begin()->first <= now.hub_ms) {
    const std::string client_id = due_.begin()->second;
    Client& client = clients_.at(client_id);
    if (client.ends_ms != 0 && client.ends_ms <= now.hub_ms) {
      ++stats_.sessions_expired;
      log_.info("session_expired", {{"client", client_id}});
      client.session->abandoned = true;
      end_session(client_id, now);
    } else {
      publish_will(client, now);
      schedule(client);
    }
  }
}

// ---- from the store ----

// A user who is not there any more has no rights.
void Broker::restore_grant(Session& session, const Identity& owner) {
  Grant grant = access_.renew(owner, session.client_id());
  if (grant.identity) session.set_grant(std::move(grant));
}

Session& Broker::restore(const StoredSession& stored, core::Now now) {
  Client& client = clients_[stored.client_id];
  client.session = std::make_shared<Session>(stored.client_id, context_);
  client.session->set_expiry_s(stored.expiry_s);
  restore_grant(*client.session, owner_of(stored));
  if (stored.expiry_s != kNeverExpiresS) {
    // Hub time may be behind what was written last before a power cut.
    const int64_t ended_ms =
        stored.ended_hub_ms == 0 ? now.hub_ms : std::min(stored.ended_hub_ms, now.hub_ms);
    client.ends_ms = ended_ms + int64_t{stored.expiry_s} * 1000;
    schedule(client);
  }
  return *client.session;
}

void Broker::restore_will(const std::string& client_id, const StoredWill& stored, core::Now now) {
  Client& client = clients_[client_id];
  if (!client.session) {  // it was not to outlive its connection
    client.session = std::make_shared<Session>(client_id, context_);
    restore_grant(*client.session, owner_of(stored));
    client.ends_ms = now.hub_ms;
  }
  client.will = stored.message;
  client.will_expiry_s = stored.expiry_s;
  client.will_delay_s = stored.delay_s;
  const int64_t latest_ms = now.hub_ms + int64_t{stored.delay_s} * 1000;
  client.will_due_ms = stored.due_hub_ms == 0 ? latest_ms : std::min(stored.due_hub_ms, latest_ms);
  if (stored.due_hub_ms == 0) context_.events->on_will(*client.session, stored_will(client, latest_ms));
  schedule(client);
}

}  // namespace headgate::broker
