#include "broker/broker.h"

#include <algorithm>
#include <utility>

#include "broker/codec/disconnect.h"
#include "broker/pending_connect.h"

namespace headgate::broker {
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
    if (is_error(outcome)) fail(channel, outcome, whole ? name(next.frame.type) : std::string_view{});
  }
}

ReasonCode Broker::on_frame(Channel& channel, const Frame& frame, core::Now now) {
  if (channel.session) return channel.session->on_frame(frame, now);
  if (frame.type != PacketType::connect) return ReasonCode::protocol_error;  // [MQTT-3.1.0-1]
  return on_connect(channel, frame, now);
}

void Broker::fail(Channel& channel, ReasonCode reason, std::string_view packet) {
  ++stats_.protocol_errors;
  std::string why = std::exchange(context_.why, {});
  if (why.empty() && reason == ReasonCode::packet_too_large)
    why = "packets have at most " + std::to_string(options_.session.packet_bytes_max) + " bytes";
  if (why.empty() && !packet.empty()) why.append(name(reason)).append(" in ").append(packet);
  log_.warn("client_closed",
            {{"peer", channel.peer()},
             {"client", channel.session ? std::string_view(channel.session->client_id()) : "-"},
             {"reason", name(reason)},
             {"why", why}});
  say_good_bye(channel, reason, why);  // [MQTT-4.13.1-1]
}

void Broker::say_good_bye(Channel& channel, ReasonCode reason, std::string_view why) {
  if (channel.closing()) return;                                // it has been said [MQTT-3.14.4-1]
  const ReasonText text{why, channel.client_packet_bytes_max};  // allowed whatever was asked [MQTT-3.1.2-29]
  if (channel.session) encode_disconnect(reason, channel.version, channel.out(), text);
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
  if (graceful) drop_will(client);  // [MQTT-3.14.4-3]
  const uint32_t expiry_s = client.session->expiry_s();
  if (expiry_s == 0) return end_session(std::string(client.session->client_id()), now);
  client.ends_ms = expiry_s == kNeverExpiresS ? 0 : now.mono_ms + int64_t{expiry_s} * 1000;
  if (client.will && client.will_delay_s == 0) {
    publish_will(client, now);
  } else if (client.will) {
    delay_will(client, now);
  }
  schedule(client);
}

// ---- time ----

void Broker::tick(core::Now now) {
  run_due(now);
  for (Channel* channel : channels_) {
    if (channel->closing() || channel->silence_max_ms == 0) continue;
    if (is_alive(*channel)) channel->last_received_ms = now.mono_ms;
    if (now.mono_ms - channel->last_received_ms <= channel->silence_max_ms) continue;
    say_good_bye(*channel, ReasonCode::keep_alive_timeout,
                 "nothing came in 1.5 times the keep-alive");  // [MQTT-3.1.2-22]
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
