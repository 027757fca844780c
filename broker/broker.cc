#include "broker/broker.h"

#include <algorithm>
#include <utility>

#include "broker/codec/packets/disconnect.h"
#include "broker/dialect/translator.h"
#include "broker/other_protocol.h"
#include "broker/session/pending_connect.h"

namespace headgate::broker {
namespace {

constexpr std::string_view kOtherProtocol = "other_protocol_refused";

// The address of "address:port", so that all connections of a host are one.
std::string_view host_of(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

// How the connection of a client ended that the hub has not ended.
std::string_view how_it_left(const Channel& channel) {
  if (channel.graceful) return "disconnect";
  return channel.closing() ? "disconnect with will" : "connection lost";
}

}  // namespace

Broker::Broker(const BrokerOptions& options, AccessControl& access, core::Log& log)
    : options_(options),
      access_(access),
      log_(log),
      context_{options.session, nullptr, subscriptions_, log} {}

Broker::~Broker() {
  // The hub may hold sessions for a while longer, and they the subscriptions.
  for (const auto& [id, client] : clients_) client.session->end();
}

// ---- channels ----

void Broker::opened(Channel& channel, core::Now now) {
  channels_.insert(&channel);
  ++stats_.connections_accepted;
  channel.traffic = &context_.traffic;
  channel.last_received_ms = now.mono_ms;
  channel.silence_max_ms = int64_t{options_.connect_timeout_s} * 1000;  // [MQTT-3.1.4-1, the note]
}

void Broker::on_bytes(Channel& channel, core::Bytes input, core::Now now) {
  // Until CONNECT is there, the time runs from opened(): it may not be drawn out byte by byte.
  if (channel.session) channel.last_received_ms = now.mono_ms;
  context_.traffic.bytes_in += input.size();
  while (!channel.closing()) {
    if (channel.pending) {  // a client may go on before it has CONNACK (MQTT 5.0 section 3.1.4)
      channel.pending->behind.append(input);
      context_.traffic.bytes_in -= input.size();  // it comes here again
      return;
    }
    const bool paused = channel.session && channel.session->paused();
    if (paused || !channel.unread.empty()) {
      channel.unread.append(input);
      context_.traffic.bytes_in -= input.size();  // it comes here again
      return;
    }
    const core::Bytes front = input;
    const NextFrame next = channel.assembler.next(input, packet_bytes_max(channel), channel.is_v3_1);
    if (next.kind == NextFrame::Kind::need_more) return;
    const bool whole = next.kind == NextFrame::Kind::frame;
    const ReasonCode outcome = whole ? on_frame(channel, next.frame, now) : next.error;
    if (!whole && !channel.session) context_.why = advice_for(front);
    if (is_error(outcome)) fail(channel, outcome, whole ? name(next.frame.type) : std::string_view{}, now);
  }
}

void Broker::go_on(Channel& channel, core::Now now) {
  if (channel.unread.empty() || channel.closing() || !channel.session || channel.session->paused()) return;
  on_bytes(channel, std::exchange(channel.unread, {}), now);
}

ReasonCode Broker::on_frame(Channel& channel, const Frame& frame, core::Now now) {
  ++context_.traffic.packets_in;
  if (channel.session) return channel.session->on_frame(frame, now);
  if (frame.type != PacketType::connect) return ReasonCode::protocol_error;  // [MQTT-3.1.0-1]
  return on_connect(channel, frame, now);
}

void Broker::fail(Channel& channel, ReasonCode reason, std::string_view packet, core::Now now) {
  ++stats_.protocol_errors;
  std::string why = std::exchange(context_.why, {});
  const bool is_other = packet.empty() && !channel.session && !why.empty();
  if (why.empty() && reason == ReasonCode::packet_too_large)
    why = "packets have at most " + std::to_string(packet_bytes_max(channel)) + " bytes";
  if (why.empty() && !packet.empty()) why.append(name(reason)).append(" in ").append(packet);
  const std::string_view client = channel.session ? std::string_view(channel.session->client_id()) : "";
  const std::string_view event = channel.session ? "client_closed"
                                 : is_other      ? kOtherProtocol
                                                 : "connection_refused";
  complain(event, channel, client, name(reason), why, now);
  channel.end_is_told = true;
  say_good_bye(channel, reason, why);  // [MQTT-4.13.1-1]
}

void Broker::say_good_bye(Channel& channel, ReasonCode reason, std::string_view why, std::string_view cause) {
  if (channel.closing()) return;                                // it has been said [MQTT-3.14.4-1]
  const ReasonText text{why, channel.client_packet_bytes_max};  // allowed whatever was asked [MQTT-3.1.2-29]
  if (channel.session) encode_disconnect(reason, channel.version, channel.out(), text);
  channel.close(reason, cause);
}

// A line about a peer that does wrong: once a minute and client is enough. One that says what to do is hidden by no other.
void Broker::complain(std::string_view event, const Channel& channel, std::string_view client_id,
                      std::string_view reason, std::string_view why, core::Now now) {
  const std::string_view who = event == kOtherProtocol ? why
                               : client_id.empty()     ? host_of(channel.peer())
                                                       : client_id;
  const auto left_out = complaints_.admit(who, now);
  if (!left_out) return;
  const std::string_view client = client_id.empty() ? "-" : client_id;
  if (*left_out == 0)
    return log_.warn(event, {{"peer", channel.peer()}, {"client", client}, {"reason", reason}, {"why", why}});
  log_.warn(event, {{"peer", channel.peer()},
                    {"client", client},
                    {"reason", reason},
                    {"why", why},
                    {"left_out", *left_out}});  // lines like this one since the last
}

bool Broker::wants_bytes(const Channel& channel) const {
  // Who does not read our answers is not read either.
  const bool reads = channel.unsent_bytes() <= options_.session.unsent_bytes_max;
  return reads && !channel.closing() && !channel.pending &&
         (!channel.session || channel.session->wants_packets());
}

void Broker::on_drained(Channel& channel, core::Now now) {
  channel.tell_drained = false;
  channel.burst.end(context_.burst_bytes);
  if (channel.session) channel.session->on_drained(now);
}

void Broker::closed(Channel& channel, core::Now now) {
  channels_.erase(&channel);
  channel.burst.end(context_.burst_bytes);
  channel.pending.reset();
  const bool ended_by_us = channel.closing() && is_error(channel.close_reason());
  if (ended_by_us) ++(channel.was_client ? stats_.closed : stats_.refused)[channel.close_text()];
  Session* session = std::exchange(channel.session, nullptr);
  if (!session) return;
  const auto it = clients_.find(session->client_id());
  const std::shared_ptr<Session> alive = it->second.session;
  detach(*session, now);
  if (!ended_by_us) ++stats_.left[how_it_left(channel)];
  log_end(channel, *session, now);
  end_connection(it->second, channel.graceful, now);
}

void Broker::end_connection(Client& client, bool graceful, core::Now now) {
  const WillChange will = will_after(client, graceful, now);
  context_.events->on_disconnected(*client.session, will);
  after_disconnect(client, now);
}

void Broker::log_end(const Channel& channel, const Session& session, core::Now now) {
  const bool ours = channel.closing() && is_error(channel.close_reason());
  if (ours && channel.end_is_told) return;
  if (ours) return complain("client_closed", channel, session.client_id(), channel.close_text(), {}, now);
  log_.info("client_disconnected", {{"client", session.client_id()}, {"reason", how_it_left(channel)}});
}

void Broker::detach(Session& session, core::Now now) {
  --clients_connected_;
  // DISCONNECT may have asked for more than is granted.
  session.set_expiry_s(std::min(session.expiry_s(), options_.session_expiry_s_max));
  session.detach(now);
}

void Broker::after_disconnect(Client& client, core::Now now) {
  const uint32_t expiry_s = client.session->expiry_s();
  if (expiry_s == 0) return end_session(std::string(client.session->client_id()), now);
  client.ends_ms = expiry_s == kNeverExpiresS ? 0 : now.hub_ms + int64_t{expiry_s} * 1000;
  if (client.will && client.will_delay_s == 0) publish_will(client, now);
  schedule(client);
}

size_t Broker::packet_bytes_max(const Channel& channel) const {
  size_t limit = options_.session.packet_bytes_max;
  if (!channel.policy) return limit;
  if (channel.policy->packet_bytes_max > 0) limit = std::min<size_t>(limit, channel.policy->packet_bytes_max);
  if (channel.policy->dialect == Dialect::iot_edge) limit = std::min(limit, kEdgePacketBytesMax);
  return limit;
}

// ---- time ----

void Broker::tick(core::Now now) {
  run_due(now);
  log_drops(now);
  for (Channel* channel : channels_) {
    if (!channel->closing()) check_alive(*channel, now);
    if (!channel->closing()) check_proof(*channel, now);
  }
}

// Ends the connection of a client whose proof has ended; its session stays.
void Broker::check_proof(Channel& channel, core::Now now) {
  if (!channel.session) return;
  switch (channel.proof_end.look(now)) {
    case ProofEnd::State::good:
      return;
    case ProofEnd::State::doubtful:
      return complain("proof_end_ignored", channel, channel.session->client_id(), "its proof has expired",
                      "by a clock that is not known to be right; let a time service set it", now);
    case ProofEnd::State::over:
      return say_good_bye(channel, ReasonCode::not_authorized, "its proof has expired", "proof expired");
  }
}

void Broker::check_alive(Channel& channel, core::Now now) {
  const bool takes = channel.taken_bytes() != std::exchange(channel.taken_at_tick, channel.taken_bytes());
  // A client that is not read cannot be heard. If that is because the hub owes it answers, its silence is
  // ours; if it is because the client does not read, it lives as long as it takes something.
  const bool unheard = channel.session && !wants_bytes(channel);
  if (unheard && (takes || !channel.session->wants_packets())) channel.last_received_ms = now.mono_ms;
  if (takes) channel.stuck_since_ms = 0;
  if (is_stuck(channel, now))
    return say_good_bye(channel, ReasonCode::quota_exceeded, "nothing was taken of what waits",
                        "slow reader");
  if (channel.silence_max_ms == 0 || now.mono_ms - channel.last_received_ms <= channel.silence_max_ms) return;
  if (channel.session) {
    return say_good_bye(channel, ReasonCode::keep_alive_timeout,
                        "nothing came in 1.5 times the keep-alive");  // [MQTT-3.1.2-22]
  }
  say_good_bye(channel, ReasonCode::keep_alive_timeout, {}, "no CONNECT in time");
  complain("connection_refused", channel, {}, channel.close_text(), {}, now);
}

// More is unsent than may be, or something waits for what is, and the client has taken none of it for too long.
bool Broker::is_stuck(Channel& channel, core::Now now) const {
  if (channel.unsent_bytes() <= options_.session.unsent_bytes_max && !channel.tell_drained) {
    channel.stuck_since_ms = 0;
    return false;
  }
  if (channel.stuck_since_ms == 0) channel.stuck_since_ms = now.mono_ms;
  return now.mono_ms - channel.stuck_since_ms >= int64_t{options_.slow_reader_timeout_s} * 1000;
}

// Writes one line a client and minute, with all that was dropped since the last.
void Broker::log_drops(core::Now now) {
  std::erase_if(context_.droppers, [&](const std::weak_ptr<Session>& dropper) {
    const std::shared_ptr<Session> session = dropper.lock();
    if (!session) return true;
    if (now.mono_ms < session->next_drop_log_ms()) return false;
    log_.warn("messages_dropped",
              {{"client", session->client_id()},
               {"messages", session->unlogged_drops()},
               {"waiting", session->waiting()},
               {"unsent_bytes", session->channel() ? session->channel()->unsent_bytes() : 0}});
    session->logged_drops(now.mono_ms + core::LogLimiter::kPeriodMs);
    return true;
  });
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

// Parts a session from its connection at once, however long the client takes to read its good-bye.
void Broker::cut_off(Client& client, ReasonCode reason, std::string_view why, core::Now now) {
  Channel& channel = *client.session->channel();
  say_good_bye(channel, reason, why);
  channel.session = nullptr;
  detach(*client.session, now);
  end_connection(client, channel.graceful, now);
}

bool Broker::kick(std::string_view client_id, core::Now now) {
  const auto it = clients_.find(std::string(client_id));
  if (it == clients_.end() || !it->second.session->connected()) return false;
  log_.info("client_kicked", {{"client", client_id}, {"peer", it->second.session->channel()->peer()}});
  cut_off(it->second, ReasonCode::administrative_action, "the operator has ended the connection", now);
  return true;
}

bool Broker::remove_session(std::string_view client_id, core::Now now) {
  const std::string id(client_id);
  if (!clients_.contains(id)) return false;
  (void)kick(id, now);
  if (clients_.contains(id)) end_session(id, now);  // else it has ended with its connection
  return true;
}

std::shared_ptr<Session> Broker::find(std::string_view client_id) const {
  const auto it = clients_.find(std::string(client_id));
  return it == clients_.end() ? nullptr : it->second.session;
}

void Broker::for_each(const std::function<void(Session&)>& visit) const {
  for (const auto& [id, client] : clients_) visit(*client.session);
}

}  // namespace headgate::broker
