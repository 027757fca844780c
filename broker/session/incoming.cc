// The client's side of a session: what it publishes and subscribes.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/publish.h"
#include "broker/codec/packets/subscribe.h"
#include "broker/codec/packets/unsubscribe.h"
#include "broker/session/channel.h"
#include "broker/session/session.h"
#include "broker/session/translation.h"

namespace headgate::broker {
namespace {

// "201 levels, at most 200"
std::string too_many(size_t count, std::string_view what, size_t max) {
  return std::to_string(count).append(" ").append(what).append(", at most ") + std::to_string(max);
}

}  // namespace

bool is_within(const SessionLimits& limits, std::string_view topic, std::string& why) {
  if (topic.size() > limits.topic_bytes_max) {
    why = too_many(topic.size(), "bytes", limits.topic_bytes_max);
    return false;
  }
  if (topic.size() < limits.topic_levels_max) return true;  // not worth counting
  const auto levels = static_cast<size_t>(std::ranges::count(topic, '/')) + 1;
  if (levels <= limits.topic_levels_max) return true;
  why = too_many(levels, "levels", limits.topic_levels_max);
  return false;
}

bool is_within(const SessionLimits& limits, const MessageProperties& properties, std::string& why) {
  if (properties.user.size() <= limits.user_properties_max) return true;
  why = too_many(properties.user.size(), "user properties", limits.user_properties_max);
  return false;
}

ReasonCode Session::on_publish(const Frame& frame, core::Now now) {
  Publish& publish = context_.scratch;
  if (const ReasonCode bad = decode_publish(frame.body, frame.flags, version_, publish); is_error(bad))
    return bad;
  if (translator_) return on_wire_publish(publish, now);
  std::string_view topic;
  if (const ReasonCode bad = resolve_topic(publish, topic); is_error(bad)) return bad;

  count_received(publish);
  if (!count_in(publish)) return ReasonCode::receive_maximum_exceeded;
  if (publish.qos == 2 && came_before(publish)) return ReasonCode::success;
  const PublishToken token = take_place(publish, topic.size() + publish.payload.size());
  if (const ReasonCode refused = check(publish, topic); is_error(refused)) {
    accepted(token, version_ == Version::v5 ? refused : ReasonCode::not_authorized, context_.why);
    context_.why.clear();
    return ReasonCode::success;
  }
  if (context_.log.takes(core::LogLevel::debug))
    context_.log.debug(
        "publish_received",
        {{"client", client_id()}, {"topic", topic}, {"qos", publish.qos}, {"bytes", publish.payload.size()}});
  context_.events->on_publish(*this, make_message(publish, topic, now), token, now);
  return ReasonCode::success;
}

void Session::count_received(const Publish& publish) {
  ++stats_.received;
  ++context_.traffic.publishes_in;
  context_.traffic.publish_bytes_in += publish.payload.size();
}

// A QoS 2 publish that is sent again is not a new message [MQTT-4.3.3-10]. Its answer takes a new place on a new
// connection, and on the old one if PUBREC was sent there.
bool Session::came_before(const Publish& publish) {
  const auto known = incoming_qos2_.find(publish.packet_id);
  if (known == incoming_qos2_.end()) return false;
  Incoming& incoming = known->second;
  const bool here = incoming.connection == connection_;
  if (here && acks_.waits(incoming.place)) return true;
  if (incoming.refused) {  // its PUBREC was lost with its connection: the client tries again
    incoming_qos2_.erase(known);
    return false;
  }
  incoming.connection = connection_;
  incoming.place = acks_.add(publish.packet_id, 2);
  if (incoming.stored) settle(incoming.place, ReasonCode::success, {});
  return true;
}

PublishToken Session::take_place(const Publish& publish, size_t bytes) {
  PublishToken token{publish.packet_id, publish.qos, static_cast<uint32_t>(bytes), connection_};
  if (publish.qos == 0) return token;
  ++unanswered_;
  unanswered_bytes_ += token.bytes;
  token.place = acks_.add(publish.packet_id, publish.qos);
  if (publish.qos == 2) incoming_qos2_[publish.packet_id] = {false, false, connection_, token.place};
  return token;
}

// A message that breaks a limit, or that its client may not publish, is refused, not its client: acknowledged with the reason.
ReasonCode Session::check(const Publish& publish, std::string_view topic) {
  if (!is_within(context_.limits, topic, context_.why)) return ReasonCode::topic_name_invalid;
  if (!is_within(context_.limits, publish.properties, context_.why)) return ReasonCode::quota_exceeded;
  if (may_publish(topic)) return ReasonCode::success;
  context_.why = "not authorized to publish to this topic";
  return ReasonCode::not_authorized;
}

// Counts a publish against the Receive Maximum, once a connection. False if it is one too many, which a 3.1.1
// client cannot know.
// [MQTT-3.3.4-7]
bool Session::count_in(const Publish& publish) {
  if (publish.qos == 0) return true;
  if (publish.qos == 2) {
    const auto known = incoming_qos2_.find(publish.packet_id);
    if (known != incoming_qos2_.end() && known->second.connection == connection_) return true;
  }
  if (version_ == Version::v5 && unacknowledged_ >= context_.limits.receive_maximum) {
    context_.why = "more than " + std::to_string(context_.limits.receive_maximum) +
                   " QoS 1 and 2 publishes without an answer";
    return false;
  }
  ++unacknowledged_;
  return true;
}

// [MQTT-3.2.2-17, MQTT-3.2.2-18, MQTT-3.3.2-12, MQTT-3.3.2-7]
ReasonCode Session::resolve_topic(const Publish& publish, std::string_view& topic) {
  topic = publish.topic;
  if (publish.topic_alias == 0) return ReasonCode::success;
  if (publish.topic_alias > context_.limits.topic_aliases_max) {  // [MQTT-3.3.2-9]
    context_.why = "topic alias " + std::to_string(publish.topic_alias) + ", at most " +
                   std::to_string(context_.limits.topic_aliases_max);
    return ReasonCode::topic_alias_invalid;
  }
  auto& aliases = channel_->topic_aliases;
  if (aliases.size() < publish.topic_alias) aliases.resize(publish.topic_alias);
  std::string& known = aliases[publish.topic_alias - 1u];
  if (!topic.empty()) {
    known = topic;
  } else if (known.empty()) {
    // An alias nobody has set (MQTT 5.0 section 3.3.2.3.4).
    context_.why = "topic alias " + std::to_string(publish.topic_alias) + " stands for no topic yet";
    return ReasonCode::protocol_error;
  }
  topic = known;
  return ReasonCode::success;
}

core::MessagePtr Session::make_message(const Publish& publish, std::string_view topic, core::Now now) const {
  auto message = std::make_shared<core::Message>();
  message->topic = topic;
  message->body = publish.payload;
  message->properties = to_core(publish.properties);
  message->source = source_;
  message->arrived_ms = now.wall_ms;
  message->arrived_hub_ms = now.hub_ms;
  if (publish.properties.expiry_s)
    message->expires_ms = now.hub_ms + int64_t{*publish.properties.expiry_s} * 1000;
  message->qos = publish.qos;
  message->retain = publish.retain;
  return message;
}

void Session::accepted(PublishToken token, ReasonCode reason, std::string_view why) {
  if (token.qos == 0) return;
  const bool current = token.connection == connection_;
  if (current && unanswered_ > 0) {
    --unanswered_;
    unanswered_bytes_ -= token.bytes;
  }
  if (is_error(reason) && refuse_v3(token, reason)) return;
  if (token.qos == 2) return accept_qos2(token, reason, why);
  if (current) settle(token.place, reason, why);  // else the client sends it again
}

// A publish of an earlier connection is answered on this one, in its new place there if it was sent again.
void Session::accept_qos2(PublishToken token, ReasonCode reason, std::string_view why) {
  const bool current = token.connection == connection_;
  const auto it = incoming_qos2_.find(token.packet_id);
  const bool known = it != incoming_qos2_.end() && (!current || it->second.place == token.place);
  if (!known) return current ? settle(token.place, reason, why) : void();
  Incoming& incoming = it->second;
  incoming.refused = is_error(reason) && version_ == Version::v5;
  incoming.stored = !incoming.refused;
  if (incoming.connection == connection_) return settle(incoming.place, reason, why);
  send_pubrec({token.packet_id, 2, reason, std::string(why)});
}

void Session::settle(uint32_t place, ReasonCode reason, std::string_view why) {
  acks_.settle(place, reason, why);
  send_answers();
  if (channel_) channel_->wake();  // it may be read again, though nothing may be sent yet
}

// [MQTT-3.3.4-1, MQTT-4.3.2-4, MQTT-4.3.2-5]; 3.1.1 [MQTT-3.3.4-1, MQTT-4.3.2-2]
void Session::send_answers() {
  while (const auto answer = acks_.take()) {
    if (answer->qos == 2) {
      send_pubrec(*answer);
      continue;
    }
    --unacknowledged_;
    send_ack(PacketType::puback, answer->packet_id, answer->reason, answer->why);
  }
}

// Nothing is sent for an id that its client has released meanwhile.
// [MQTT-4.3.3-8]
void Session::send_pubrec(const AckOrder::Answer& answer) {
  const auto it = incoming_qos2_.find(answer.packet_id);
  if (it == incoming_qos2_.end()) return;
  if (it->second.refused) forget_incoming(it);  // a refused id is free again [MQTT-4.3.3-9]
  send_ack(PacketType::pubrec, answer.packet_id, answer.reason, answer.why);
}

// 3.1.1 has no reason codes. A publish the client may not make is acknowledged and dropped, as clients of
// other brokers expect; one that could not be stored must not be, so the connection ends: true.
// 3.1.1 [MQTT-3.3.5-2, MQTT-4.8.0-2]
bool Session::refuse_v3(PublishToken token, ReasonCode reason) {
  if (version_ != Version::v3_1_1 || reason == ReasonCode::not_authorized) return false;
  if (token.qos == 2) incoming_qos2_.erase(token.packet_id);
  const bool waited_for = token.qos == 2 || token.connection == connection_;
  if (channel_ && waited_for) channel_->close(reason);
  return true;
}

// [MQTT-4.3.3-12]
void Session::forget_incoming(IncomingQos2::iterator it) {
  if (it->second.connection == connection_) --unacknowledged_;
  incoming_qos2_.erase(it);
}

// [MQTT-4.3.3-13]; 3.1.1 [MQTT-4.3.3-2]
ReasonCode Session::on_pubrel(const Frame& frame) {
  Ack ack;
  if (const ReasonCode bad = decode_ack(frame.type, frame.body, version_, ack); is_error(bad)) return bad;
  if (incoming_qos2_.contains(ack.packet_id)) {
    context_.events->on_release(*this, ack.packet_id);
  } else {
    send_ack(PacketType::pubcomp, ack.packet_id, ReasonCode::packet_identifier_not_found);
  }
  return ReasonCode::success;
}

void Session::released(uint16_t packet_id) {
  if (const auto it = incoming_qos2_.find(packet_id); it != incoming_qos2_.end()) forget_incoming(it);
  send_ack(PacketType::pubcomp, packet_id, ReasonCode::success);  // [MQTT-4.3.3-11]
}

void Session::send_ack(PacketType type, uint16_t packet_id, ReasonCode reason, std::string_view why) {
  if (takes_packets()) encode_ack(type, packet_id, reason, version_, channel_->out(), reason_text(why));
}

ReasonCode Session::on_subscribe(const Frame& frame) {
  Subscribe packet;
  if (const ReasonCode bad = decode_subscribe(frame.body, version_, packet); is_error(bad)) return bad;
  const TranslatedFilters inside(translator_.get(), packet.requests);
  std::vector<AcceptedSubscription> accepted;
  std::vector<ReasonCode> codes;
  Request request{packet.packet_id, {}};
  for (const SubscriptionRequest& wanted : packet.requests) {
    codes.push_back(check(wanted));
    context_.log.debug(
        "subscribe_received",
        {{"client", client_id()}, {"filter", wanted.filter.text}, {"answer", name(codes.back())}});
    if (!is_error(codes.back())) {
      subscribe(wanted, packet.subscription_id, accepted);
    } else if (request.why.empty()) {
      request.why = "filter " + std::to_string(codes.size()) + ": " + context_.why;
    }
    context_.why.clear();
  }
  requests_.push_back(std::move(request));
  context_.events->on_subscribed(*this, packet.packet_id, std::move(accepted), std::move(codes));
  return ReasonCode::success;
}

void Session::subscribe(const SubscriptionRequest& request, uint32_t subscription_id,
                        std::vector<AcceptedSubscription>& accepted) {
  const SubscriptionOptions options{request.qos, request.no_local, request.retain_as_published,
                                    static_cast<uint8_t>(request.retain_handling), subscription_id};
  std::string filter(request.filter.text);
  const bool is_new = context_.subscriptions.add(filter, this, options);
  filters_.insert_or_assign(filter, options);
  accepted.push_back({std::move(filter), options, is_new});
}

ReasonCode Session::check(const SubscriptionRequest& request) {
  if (request.filter.filter.empty() && !may_subscribe({})) {  // no topic of the client's in its dialect
    context_.why = "not a filter of the client's own";
    return ReasonCode::not_authorized;
  }
  if (!is_within(context_.limits, request.filter.filter, context_.why))
    return ReasonCode::topic_filter_invalid;
  const bool one_more = !filters_.contains(request.filter.text);
  if (one_more && filters_.size() >= context_.limits.subscriptions_max) {
    context_.why =
        "the client has " + std::to_string(filters_.size()) + " subscriptions, the most there may be";
    return ReasonCode::quota_exceeded;
  }
  if (!may_subscribe(request.filter.filter)) {
    context_.why = "not authorized to subscribe to this";
    return ReasonCode::not_authorized;
  }
  return static_cast<ReasonCode>(request.qos);  // granted as asked [MQTT-3.8.4-8]
}

ReasonCode Session::on_unsubscribe(const Frame& frame) {
  Unsubscribe packet;
  if (const ReasonCode bad = decode_unsubscribe(frame.body, version_, packet); is_error(bad)) return bad;
  const TranslatedFilters inside(translator_.get(), packet.filters);
  std::vector<std::string> removed;
  std::vector<ReasonCode> codes;
  // [MQTT-3.10.4-6]; 3.1.1 [MQTT-3.10.4-6]
  for (const TopicFilter& filter : packet.filters) {
    // [MQTT-3.10.4-1]; 3.1.1 [MQTT-3.10.4-1]
    const auto it = filters_.find(filter.text);
    // [MQTT-3.10.4-5, MQTT-3.11.3-2]; 3.1.1 [MQTT-3.10.4-5]
    codes.push_back(it == filters_.end() ? ReasonCode::no_subscription_existed : ReasonCode::success);
    if (it == filters_.end()) continue;
    // [MQTT-3.10.4-2, MQTT-3.10.4-3]; 3.1.1 [MQTT-3.10.4-2, MQTT-3.10.4-3]
    context_.subscriptions.remove(it->first, this);
    removed.push_back(it->first);
    filters_.erase(it);
  }
  requests_.push_back({packet.packet_id, {}});
  context_.events->on_unsubscribed(*this, packet.packet_id, std::move(removed), std::move(codes));
  return ReasonCode::success;
}

}  // namespace headgate::broker
