#include "broker/broker.h"

#include <algorithm>
#include <utility>

#include "broker/codec/disconnect.h"
#include "broker/pending_connect.h"

namespace headgate::broker {
namespace {

constexpr uint32_t kNeverExpires = UINT32_MAX;

}  // namespace

Broker::Broker(const BrokerOptions& options, BrokerEvents& events, AccessControl& access, core::Log& log)
    : options_(options),
      events_(events),
      access_(access),
      log_(log),
      context_{options.session, events, subscriptions_} {}

Broker::~Broker() {
  // The hub may hold sessions for a while longer, and they the subscriptions.
  for (const auto& [id, client] : clients_) client.session->end();
}

// ---- channels ----

void Broker::opened(Channel& channel, core::Now now) {
  channels_.insert(&channel);
  ++stats_.connections_accepted;
  channel.last_received_ms = now.mono_ms;
  channel.silence_max_ms = int64_t{options_.connect_timeout_s} * 1000;  // [MQTT-3.1.4-1, the note]
  if (channels_.size() > options_.connections_max) {
    ++stats_.connections_refused;
    log_.warn("connection_refused", {{"peer", channel.peer()},
                                     {"reason", "too many connections"},
                                     {"connections_max", options_.connections_max}});
    channel.close(ReasonCode::server_busy);
  }
}

void Broker::on_bytes(Channel& channel, core::Bytes input, core::Now now) {
  // Until CONNECT is there, the time runs from opened(): it may not be drawn out byte by byte.
  if (channel.session) channel.last_received_ms = now.mono_ms;
  while (!channel.closing()) {
    if (channel.pending) {  // a client may go on before it has CONNACK (MQTT 5.0 section 3.1.4)
      channel.pending->behind.append(input);
      return;
    }
    const NextFrame next = channel.assembler.next(input, options_.session.packet_bytes_max);
    if (next.kind == NextFrame::Kind::need_more) return;
    const bool whole = next.kind == NextFrame::Kind::frame;
    const ReasonCode outcome = whole ? on_frame(channel, next.frame, now) : next.error;
    if (is_error(outcome)) fail(channel, outcome);
  }
}

ReasonCode Broker::on_frame(Channel& channel, const Frame& frame, core::Now now) {
  if (channel.session) return channel.session->on_frame(frame, now);
  if (frame.type != PacketType::connect) return ReasonCode::protocol_error;  // [MQTT-3.1.0-1]
  return on_connect(channel, frame, now);
}

void Broker::fail(Channel& channel, ReasonCode reason) {
  ++stats_.protocol_errors;
  log_.warn("client_closed",
            {{"peer", channel.peer()},
             {"client", channel.session ? std::string_view(channel.session->client_id()) : "-"},
             {"reason", name(reason)}});
  say_good_bye(channel, reason);  // [MQTT-4.13.1-1]
}

void Broker::say_good_bye(Channel& channel, ReasonCode reason) {
  if (channel.closing()) return;  // it has been said [MQTT-3.14.4-1]
  if (channel.session) encode_disconnect(reason, channel.version, channel.out());
  channel.close(reason);
}

bool Broker::wants_bytes(const Channel& channel) const {
  // Who does not read our answers is not read either.
  const bool reads = channel.unsent_bytes() <= options_.session.unsent_bytes_max;
  return reads && !channel.closing() && !channel.pending &&
         (!channel.session || channel.session->wants_packets());
}

void Broker::on_drained(Channel& channel, core::Now now) {
  if (channel.session) channel.session->on_drained(now);
}

void Broker::closed(Channel& channel, core::Now now) {
  channels_.erase(&channel);
  channel.pending.reset();
  Session* session = std::exchange(channel.session, nullptr);
  if (!session) return;
  const auto it = clients_.find(session->client_id());
  const std::shared_ptr<Session> alive = it->second.session;
  detach(*session, now);
  log_.info("client_disconnected",
            {{"client", session->client_id()},
             {"reason", channel.graceful ? "disconnect" : name(channel.close_reason())}});
  events_.on_disconnected(*session);
  after_disconnect(it->second, channel.graceful, now);
}

void Broker::detach(Session& session, core::Now now) {
  // DISCONNECT may have asked for more than is granted.
  session.set_expiry_s(std::min(session.expiry_s(), options_.session_expiry_s_max));
  session.detach(now);
}

void Broker::after_disconnect(Client& client, bool graceful, core::Now now) {
  if (graceful) client.will.reset();  // [MQTT-3.14.4-3]
  const uint32_t expiry_s = client.session->expiry_s();
  if (expiry_s == 0) return end_session(std::string(client.session->client_id()), now);
  client.ends_ms = expiry_s == kNeverExpires ? 0 : now.mono_ms + int64_t{expiry_s} * 1000;
  if (client.will && client.will_delay_s == 0) {
    publish_will(client, now);
  } else if (client.will) {
    client.will_due_ms = now.mono_ms + int64_t{client.will_delay_s} * 1000;
  }
  schedule(client);
}

// ---- wills and expiry ----

void Broker::remember_will(Client& client, const Connect& connect, core::Now now) {
  client.will.reset();
  if (!connect.will) return;
  auto will = std::make_shared<core::Message>();
  will->topic = connect.will->topic;
  will->body = connect.will->payload;
  will->properties = to_core(connect.will->properties);
  will->source = client.session->source();
  will->arrived_ms = now.wall_ms;
  // An expiry counts from publication: kept as seconds here, made a time by publish_will().
  will->expires_ms = connect.will->properties.expiry_s.value_or(0);
  will->qos = connect.will->qos;
  will->retain = connect.will->retain;
  client.will = std::move(will);
  client.will_delay_s = connect.will->delay_s;
}

void Broker::publish_will(Client& client, core::Now now) {
  client.will_due_ms = 0;
  auto will = std::make_shared<core::Message>(*client.will);
  client.will.reset();
  will->arrived_ms = now.wall_ms;
  if (will->expires_ms != 0) will->expires_ms = now.wall_ms + will->expires_ms * 1000;
  events_.on_publish(*client.session, std::move(will), {});  // [MQTT-3.1.2-8]
}

void Broker::end_session(const std::string& client_id, core::Now now) {
  const auto it = clients_.find(client_id);
  Client& client = it->second;
  if (client.will) publish_will(client, now);  // the session's end cuts a will's delay short
  client.ends_ms = 0;
  schedule(client);
  const std::shared_ptr<Session> session = std::move(client.session);
  clients_.erase(it);
  session->end();
  events_.on_session_ended(*session);
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
  while (!due_.empty() && due_.begin()->first <= now.mono_ms) {
    const std::string client_id = due_.begin()->second;
    Client& client = clients_.at(client_id);
    if (client.ends_ms != 0 && client.ends_ms <= now.mono_ms) {
      log_.info("session_expired", {{"client", client_id}});
      end_session(client_id, now);
    } else {
      publish_will(client, now);
      schedule(client);
    }
  }
}

void Broker::tick(core::Now now) {
  run_due(now);
  for (Channel* channel : channels_) {
    if (channel->closing() || channel->silence_max_ms == 0) continue;
    if (is_alive(*channel)) channel->last_received_ms = now.mono_ms;
    if (now.mono_ms - channel->last_received_ms <= channel->silence_max_ms) continue;
    say_good_bye(*channel, ReasonCode::keep_alive_timeout);  // [MQTT-3.1.2-22]
  }
}

// A client that is not read cannot be heard. If that is because the hub owes it answers, its silence is ours;
// if it is because the client does not read, it lives as long as it takes something.
bool Broker::is_alive(Channel& channel) const {
  const size_t unsent = channel.unsent_bytes();
  const bool takes = unsent < std::exchange(channel.unsent_at_tick, unsent);
  if (!channel.session || wants_bytes(channel)) return false;
  return takes || !channel.session->wants_packets();
}

void Broker::shut_down() {
  for (Channel* channel : channels_) say_good_bye(*channel, ReasonCode::server_shutting_down);
}

// ---- for the hub ----

Session& Broker::restore(const StoredSession& stored, core::Now now) {
  Client& client = clients_[stored.client_id];
  client.session = std::make_shared<Session>(stored.client_id, context_);
  client.session->set_expiry_s(stored.expiry_s);
  Identity owner;
  owner.username = stored.username;
  owner.edge = stored.edge;
  client.session->set_grant(access_.renew(owner, stored.client_id));
  if (stored.expiry_s != kNeverExpires) {
    const int64_t away_ms =
        stored.ended_wall_ms == 0 ? 0 : std::max<int64_t>(0, now.wall_ms - stored.ended_wall_ms);
    client.ends_ms = std::max<int64_t>(1, now.mono_ms + int64_t{stored.expiry_s} * 1000 - away_ms);
    schedule(client);
  }
  return *client.session;
}

void Broker::renew_grants() {
  for (const auto& [client_id, client] : clients_) {
    Session& session = *client.session;
    const Grant grant = access_.renew(session.identity(), client_id);
    if (grant.identity) {
      session.set_grant(grant);
    } else if (Channel* channel = session.channel()) {
      log_.warn("access_lost", {{"client", client_id}, {"user", session.identity().username}});
      say_good_bye(*channel, ReasonCode::not_authorized);
    }
  }
}

std::shared_ptr<Session> Broker::find(std::string_view client_id) const {
  const auto it = clients_.find(std::string(client_id));
  return it == clients_.end() ? nullptr : it->second.session;
}

void Broker::for_each(const std::function<void(Session&)>& visit) const {
  for (const auto& [id, client] : clients_) visit(*client.session);
}

}  // namespace headgate::broker
