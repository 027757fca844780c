// CONNECT: who gets in, as whom, and what is granted.
#include <algorithm>
#include <utility>

#include "broker/broker.h"
#include "broker/codec/packets/connack.h"
#include "broker/session/pending_connect.h"
#include "broker/session/translation.h"

namespace headgate::broker {
namespace {

// The session of somebody who has a client id that is another's by registration.
bool is_strangers(const Session& session, const Identity& identity) {
  return identity.registered && !session.identity().registered &&
         session.identity().username != identity.username;
}

int64_t silence_allowed_ms(uint16_t keep_alive_s) { return int64_t{keep_alive_s} * 1500; }  // [MQTT-3.1.2-22]

bool speaks_iot_edge(const Channel& channel) {
  return channel.policy && channel.policy->dialect == Dialect::iot_edge;
}

std::string_view version_text(const Channel& channel) {
  if (channel.is_v3_1) return "3.1";
  return channel.version == Version::v5 ? "5" : "3.1.1";
}

}  // namespace

// 3.1.1 [MQTT-3.1.0-1]
ReasonCode Broker::on_connect(Channel& channel, const Frame& frame, core::Now now) {
  run_due(now);  // what the next tick would end has ended
  ++context_.traffic.connects_in;
  const auto pending = std::make_shared<PendingConnect>();
  pending->packet = frame.body;
  ReasonCode verdict = decode_connect(pending->packet, pending->connect);
  channel.version = pending->connect.version;
  channel.is_v3_1 = pending->connect.is_v3_1;
  trace(channel, pending->connect);
  const ReasonCode dialect = check_dialect(channel, pending->connect);
  const bool other_level = dialect == ReasonCode::unsupported_protocol_version;
  if (is_error(dialect) && (other_level || !is_error(verdict))) verdict = dialect;
  if (!is_error(verdict)) verdict = check(channel, pending->connect);
  if (is_error(verdict)) {
    refuse(channel, pending->connect, verdict, now);
    return ReasonCode::success;
  }
  pending->credentials = credentials(channel, pending->connect, now);
  channel.pending = pending;
  const std::weak_ptr<PendingConnect> alive = pending;
  access_.authenticate({pending, &pending->credentials}, now,
                       [this, &channel, alive](const AccessControl::Verdict& decided, core::Now at) {
                         if (!alive.expired()) on_decided(channel, decided, at);
                       });
  return ReasonCode::success;
}

void Broker::trace(const Channel& channel, const Connect& connect) {
  if (!log_.takes(core::LogLevel::debug)) return;
  log_.debug("connect_received", {{"client", connect.client_id},
                                  {"peer", channel.peer()},
                                  {"protocol", version_text(channel)},
                                  {"user", connect.username.value_or("")},
                                  {"password", connect.password ? "given" : "none"},
                                  {"clean_start", connect.clean_start ? "yes" : "no"},
                                  {"keep_alive_s", connect.keep_alive_s},
                                  {"will_topic", connect.will ? connect.will->topic : ""}});
}

Credentials Broker::credentials(Channel& channel, const Connect& connect, core::Now now) {
  Credentials credentials;
  credentials.client_id =
      // [MQTT-3.1.3-6]; 3.1.1 [MQTT-3.1.3-6]
      connect.client_id.empty() ? unused_client_id(now) : std::string(connect.client_id);  // [MQTT-3.1.3-6]
  credentials.username = connect.username;
  credentials.password = connect.password;
  credentials.certificate_name = channel.certificate_name;
  credentials.certificates = std::exchange(channel.certificates, {});
  credentials.peer = channel.peer();
  credentials.policy = channel.policy;
  return credentials;
}

// A client may have given itself any name, this one too [MQTT-3.2.2-16].
std::string Broker::unused_client_id(core::Now now) {
  for (;;) {
    std::string id = "auto-" + std::to_string(now.wall_ms) + "-" + std::to_string(++assigned_ids_);
    if (!clients_.contains(id)) return id;
  }
}

void Broker::on_decided(Channel& channel, const AccessControl::Verdict& verdict, core::Now now) {
  const std::shared_ptr<PendingConnect> pending = std::move(channel.pending);
  if (channel.closing()) return;  // its time was up
  if (is_error(verdict.reason)) {
    ++stats_.connects_denied;
    refuse(channel, pending->connect, verdict.reason, now, verdict.why);
  } else {
    if (verdict.ends_wall_ms) channel.proof_end = ProofEnd(*verdict.ends_wall_ms, now);
    accept(channel, *pending, verdict.grant, now);
  }
  if (!pending->behind.empty()) on_bytes(channel, pending->behind, now);
}

// IoT Edge's is spoken in 3.1.1 alone, and who says nothing of himself there is refused as who says something wrong.
ReasonCode Broker::check_dialect(const Channel& channel, Connect& connect) {
  if (!channel.policy || channel.policy->dialect != Dialect::iot_edge) return ReasonCode::success;
  if (connect.version == Version::v5 || connect.is_v3_1) {
    connect.version = Version::v3_1_1;  // what the answer is in
    context_.why = "this listener speaks MQTT 3.1.1";
    return ReasonCode::unsupported_protocol_version;
  }
  if (!connect.client_id.empty()) return ReasonCode::success;
  context_.why = "the client id is missing";
  return ReasonCode::not_authorized;
}

ReasonCode Broker::check(const Channel& channel, const Connect& connect) {
  std::string& why = context_.why;
  if (connect.authentication_method) {  // [MQTT-4.12.0-1]
    why = "there is no enhanced authentication";
    return ReasonCode::bad_authentication_method;
  }
  // 3.1.1 [MQTT-3.1.3-7]
  const bool may_assign = connect.version == Version::v5 || connect.clean_start;
  if (connect.client_id.empty() && !may_assign)
    return ReasonCode::client_identifier_not_valid;  // 3.1.1 [MQTT-3.1.3-8]
  if (clients_.size() >= options_.sessions_max && !clients_.contains(std::string(connect.client_id))) {
    why = "the hub keeps " + std::to_string(clients_.size()) + " sessions, the most there may be";
    return ReasonCode::quota_exceeded;
  }
  if (!connect.will || speaks_iot_edge(channel)) return ReasonCode::success;
  if (!is_within(options_.session, connect.will->topic, why)) return ReasonCode::topic_name_invalid;
  if (!is_within(options_.session, connect.will->properties, why)) return ReasonCode::quota_exceeded;
  return ReasonCode::success;
}

// [MQTT-3.1.3-8, MQTT-3.1.4-2, MQTT-3.2.2-7, MQTT-3.2.2-8, MQTT-4.12.0-4, MQTT-3.1.4-6, MQTT-3.14.0-1];
// 3.1.1 [MQTT-3.2.2-5, MQTT-3.1.4-5]
void Broker::refuse(Channel& channel, const Connect& connect, ReasonCode reason, core::Now now,
                    std::string_view why) {
  ++stats_.connections_refused;
  complain("connect_refused", channel, connect.client_id, why.empty() ? name(reason) : why, context_.why,
           now);
  // Access control's text is for the log alone: it may tell an attacker which half was right.
  const std::string text = std::exchange(context_.why, {});
  // 3.1.1 just closes when the packet itself is wrong: it has return codes for other reasons only.
  // 3.1.1 [MQTT-3.1.4-1, MQTT-3.2.2-6]
  const bool packet_is_wrong = reason == ReasonCode::malformed_packet ||
                               reason == ReasonCode::protocol_error ||
                               reason == ReasonCode::topic_name_invalid;
  const bool has_code = connect.version == Version::v5 || !packet_is_wrong;
  if (has_code) {
    Connack connack;
    connack.reason = reason;
    const bool any_size = connect.packet_bytes_max == 0;
    connack.reason_text = {text, any_size ? SIZE_MAX : connect.packet_bytes_max};  // [MQTT-3.2.2-19]
    encode_connack(connack, connect.version, channel.out());
  }
  channel.close(reason);
}

// The will of a client of IoT Edge is an event of its own, or it is not let in.
ReasonCode Broker::translate_will(const Channel& channel, const Identity& identity, PendingConnect& pending) {
  const auto translator = translator_of(channel, identity);
  if (!translator || !pending.connect.will) return ReasonCode::success;
  const Will& will = *pending.connect.will;
  Publish publish;
  publish.topic = will.topic;
  publish.payload = will.payload;
  publish.qos = will.qos;
  publish.retain = will.retain;
  Translated& inside = pending.will.emplace();
  const ReasonCode bad = translator->publish(publish, inside, context_.why);
  const bool fine =
      !is_error(bad) && !inside.is_request && is_within(options_.session, inside.topic, context_.why);
  return fine ? ReasonCode::success : ReasonCode::not_authorized;
}

// A session is its user's: another one with the same client id must not get its messages, nor end it. One
// that nobody has proved to own, from before there were users, goes to whoever proves who he is.
bool Broker::may_have(const Identity& identity, const std::string& client_id) const {
  const auto it = clients_.find(client_id);
  if (it == clients_.end()) return true;
  const Session& session = *it->second.session;
  // Nobody else has the id of who is registered, on whichever listener.
  if (identity.registered || session.identity().registered) return identity.registered;
  return session.identity().username == identity.username ||
         (session.identity().anonymous() && !session.connected());
}

// [MQTT-3.1.3-2, MQTT-3.1.3-5, MQTT-3.1.4-4]; 3.1.1 [MQTT-3.1.3-2, MQTT-3.1.3-5, MQTT-3.1.4-3]
void Broker::accept(Channel& channel, PendingConnect& pending, const Grant& grant, core::Now now) {
  const Connect& connect = pending.connect;
  const std::string& client_id = pending.credentials.client_id;
  run_due(now);  // what the next tick would end has ended
  if (!may_have(*grant.identity, client_id)) {
    ++stats_.connects_denied;
    return refuse(channel, connect, ReasonCode::not_authorized, now, "the client id is another user's");
  }
  if (const ReasonCode bad = translate_will(channel, *grant.identity, pending); is_error(bad))
    return refuse(channel, connect, bad, now, "its will is none of its own events");
  if (connect.client_id.empty() && clients_.contains(client_id)) {
    return refuse(channel, connect, ReasonCode::client_identifier_not_valid, now,
                  "another client took the assigned client id while this one was let in");
  }
  if (const auto it = clients_.find(client_id); it != clients_.end()) {
    const bool is_anew = connect.clean_start || is_strangers(*it->second.session, *grant.identity);
    // 3.1.1 [MQTT-3.1.4-2]
    take_over(it->second, now);
    if (is_anew && clients_.contains(client_id)) end_session(client_id, now);  // [MQTT-3.1.2-4]
  }
  Client& client = clients_[client_id];
  // [MQTT-3.1.2-5, MQTT-3.2.2-2, MQTT-3.2.2-3]; 3.1.1 [MQTT-3.1.2-4, MQTT-3.2.2-1, MQTT-3.2.2-2,
  // MQTT-3.2.2-3]
  const bool present = client.session != nullptr;
  // [MQTT-3.1.2-6]
  if (!present) client.session = std::make_shared<Session>(client_id, context_);
  client.ends_ms = 0;
  client.will_due_ms = 0;  // the client is back in time: no will [MQTT-3.1.3-9]
  schedule(client);
  client.session->set_grant(grant);
  const WillChange will = remember_will(client, pending, now);
  set_up(channel, *client.session, connect, now);
  // [MQTT-3.1.4-5, MQTT-3.2.0-1]; 3.1.1 [MQTT-3.1.4-4, MQTT-3.2.0-1]
  send_connack(channel, connect, *client.session, present);
  log_.info("client_connected", {{"client", client_id},
                                 {"peer", channel.peer()},
                                 {"user", channel.username},
                                 {"version", version_text(channel)},
                                 {"session_present", present ? "yes" : "no"}});
  client.session->attach(channel, connect.version, connect.receive_maximum, now);
  context_.events->on_connected(*client.session, present, will);
}

void Broker::set_up(Channel& channel, Session& session, const Connect& connect, core::Now now) {
  channel.was_client = true;
  stats_.clients_max = std::max<uint64_t>(stats_.clients_max, ++clients_connected_);
  session.set_expiry_s(granted_expiry_s(connect));
  channel.session = &session;
  channel.keep_alive_s = granted_keep_alive_s(connect);
  // [MQTT-3.2.2-22]; 3.1.1 [MQTT-3.1.2-24]
  channel.silence_max_ms = silence_allowed_ms(channel.keep_alive_s);
  channel.last_received_ms = now.mono_ms;
  channel.username = session.identity().username;
  channel.wants_reason_text = connect.request_problem_information;
  if (connect.packet_bytes_max > 0) channel.client_packet_bytes_max = connect.packet_bytes_max;
  const uint16_t aliases = std::min(
      connect.topic_alias_maximum, options_.session.topic_aliases_out_max);  // [MQTT-3.1.2-26, MQTT-3.3.2-11]
  if (aliases > 0) channel.aliases_out = std::make_unique<TopicAliases>(aliases);  // [MQTT-3.1.2-27]
}

void Broker::take_over(Client& old, core::Now now) {
  if (!old.session->channel()) return;
  log_.info("client_taken_over", {{"client", old.session->client_id()}});
  cut_off(old, ReasonCode::session_taken_over, "another connection came with this client id",
          now);  // [MQTT-3.1.4-3]
}

void Broker::send_connack(Channel& channel, const Connect& connect, const Session& session, bool present) {
  Connack connack;
  connack.session_present = present && !connect.is_v3_1;  // 3.1 has no such flag: its place is a zero
  connack.receive_maximum = options_.session.receive_maximum;
  connack.packet_bytes_max = static_cast<uint32_t>(packet_bytes_max(channel));
  connack.topic_alias_maximum = options_.session.topic_aliases_max;
  // [MQTT-3.1.3-7]
  if (connect.client_id.empty()) connack.assigned_client_id = session.client_id();  // [MQTT-3.2.2-16]
  if (session.expiry_s() != connect.session_expiry_s) connack.session_expiry_s = session.expiry_s();
  if (channel.keep_alive_s != connect.keep_alive_s)
    connack.server_keep_alive_s = channel.keep_alive_s;  // [MQTT-3.2.2-21]
  const size_t begin = channel.out().size();
  encode_connack(connack, connect.version, channel.out());
  // Without CONNACK there is no connection.
  if (!channel.keep_if_it_fits(begin)) channel.close(ReasonCode::packet_too_large);
}

uint16_t Broker::granted_keep_alive_s(const Connect& connect) const {
  // 3.1.1 cannot be told of a shorter one, so it keeps what it asked for.
  if (options_.keep_alive_s_max == 0 || connect.version != Version::v5) return connect.keep_alive_s;
  if (connect.keep_alive_s == 0) return options_.keep_alive_s_max;
  return std::min(connect.keep_alive_s, options_.keep_alive_s_max);
}

uint32_t Broker::granted_expiry_s(const Connect& connect) const {
  if (connect.version == Version::v5)
    // [MQTT-4.1.0-2]
    return std::min(connect.session_expiry_s, options_.session_expiry_s_max);
  // 3.1.1 [MQTT-3.1.2-6]
  return connect.clean_start ? 0 : std::min(options_.session_expiry_s_default, options_.session_expiry_s_max);
}

}  // namespace headgate::broker
