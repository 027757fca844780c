#include "broker/session/translation.h"

#include <algorithm>
#include <utility>

#include "broker/codec/packets/publish.h"
#include "broker/session/session.h"

namespace headgate::broker {
namespace {

// `$.exp` as the hub keeps deadlines: what has passed by the wall clock has passed at once, and 0 would be never.
int64_t expires_hub_ms(const Translated& from, core::Now now) {
  if (from.expires_wall_ms == 0) return 0;
  return std::max<int64_t>(now.hub_ms + (from.expires_wall_ms - now.wall_ms), 1);
}

core::MessagePtr message_of(const Publish& publish, Translated from,
                            const std::shared_ptr<const core::Source>& source, core::Now now) {
  auto message = std::make_shared<core::Message>();
  message->expires_ms = expires_hub_ms(from, now);
  message->topic = std::move(from.topic);
  message->body = publish.payload;
  message->properties = std::move(from.properties);
  message->source = source;
  message->arrived_ms = now.wall_ms;
  message->arrived_hub_ms = now.hub_ms;
  message->qos = publish.qos;
  return message;
}

}  // namespace

std::unique_ptr<const Translator> translator_of(const Channel& channel, const Identity& identity) {
  if (!channel.policy || channel.policy->dialect != Dialect::iot_edge) return nullptr;
  return std::make_unique<const Translator>(identity.device, identity.module, channel.policy->own_device);
}

TranslatedFilters::TranslatedFilters(const Translator* translator,
                                     std::vector<SubscriptionRequest>& requests) {
  if (!translator) return;
  for (SubscriptionRequest& request : requests) {
    translate(*translator, request.filter);
    request.qos = std::min<uint8_t>(request.qos, 1);
  }
}

TranslatedFilters::TranslatedFilters(const Translator* translator, std::vector<TopicFilter>& filters) {
  if (!translator) return;
  for (TopicFilter& filter : filters) translate(*translator, filter);
}

void TranslatedFilters::translate(const Translator& translator, TopicFilter& filter) {
  const std::string& inside = texts_.emplace_back(translator.filter(filter.text));
  filter = {inside, {}, inside};
}

// A client that says what no SDK would say is another kind of client, or a hostile one: it has to go, without PUBACK.
ReasonCode Session::on_wire_publish(const Publish& publish, core::Now now) {
  Translated inside;
  const ReasonCode bad = translator_->publish(publish, inside, context_.why);
  if (is_error(bad)) return bad;
  count_received(publish);
  if (!count_in(publish)) return ReasonCode::receive_maximum_exceeded;
  const PublishToken token = take_place(publish, publish.topic.size() + publish.payload.size());
  const bool is_request = inside.is_request;
  core::MessagePtr message = message_of(publish, std::move(inside), source_, now);
  if (is_request) {
    context_.events->on_edge_request(*this, std::move(message), token, now);
    return ReasonCode::success;
  }
  const bool within = is_within(context_.limits, message->topic, context_.why);
  if (!within || !may_publish(message->topic)) {
    accepted(token, within ? ReasonCode::not_authorized : ReasonCode::topic_name_invalid);
    context_.why.clear();
    return ReasonCode::success;
  }
  if (context_.log.takes(core::LogLevel::debug))
    context_.log.debug("publish_received", {{"client", client_id()},
                                            {"topic", message->topic},
                                            {"qos", publish.qos},
                                            {"bytes", publish.payload.size()}});
  context_.events->on_publish(*this, std::move(message), token, now);
  return ReasonCode::success;
}

// An SDK's client never gets RETAIN.
bool Session::write_translated(const core::Message& message, PublishOptions& options) {
  Publish out;
  if (!translator_->topic_out(message, context_.wire_topic)) return false;
  out.topic = context_.wire_topic;
  out.payload = message.body;
  options.retain = false;
  options.expiry_s.reset();
  return encode_publish(out, options, version_, channel_->out());
}

}  // namespace headgate::broker
