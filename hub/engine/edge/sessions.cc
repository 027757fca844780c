#include "hub/engine/edge/sessions.h"

#include <algorithm>
#include <utility>

#include "broker/session/shared_publish.h"
#include "core/topic.h"

namespace headgate::hub {
namespace {

EdgeId edge_id_of(const broker::Session& session) {
  return {session.identity().device, session.identity().module};
}

}  // namespace

std::shared_ptr<broker::Session> EdgeSessions::find(const EdgeId& client) const {
  auto session = broker_.find(client.id());
  const bool is_it =
      session && session->connected() && session->speaks_iot_edge() && edge_id_of(*session) == client;
  return is_it ? std::move(session) : nullptr;
}

bool EdgeSessions::is_subscribed(const EdgeId& client, std::string_view filter) const {
  const auto session = find(client);
  return session && session->subscriptions().contains(filter);
}

bool EdgeSessions::send(const EdgeId& client, std::string topic, std::string body, core::Now now) {
  const auto session = find(client);
  if (!session) return false;
  const bool wanted = std::ranges::any_of(session->subscriptions(), [&](const auto& subscription) {
    return core::topic_matches(subscription.first, topic);
  });
  if (!wanted) return false;
  auto message = std::make_shared<core::Message>();
  message->topic = std::move(topic);
  message->body = std::move(body);
  message->arrived_ms = now.wall_ms;
  message->arrived_hub_ms = now.hub_ms;
  broker::SharedPublish shared(std::move(message));
  const uint64_t before = session->stats().delivered;
  session->deliver_from_memory(shared, 0, false, {}, now);
  return session->stats().delivered > before;
}

void EdgeSessions::on_request(broker::Session& from, const core::Message& request, broker::PublishToken token,
                              core::Now now) {
  if (!requests_ || requests_->on_request(edge_id_of(from), request, now))
    return from.accepted(token, broker::ReasonCode::success);
  if (broker::Channel* const channel = from.channel())
    channel->close(broker::ReasonCode::topic_name_invalid, "request that cannot be read");
}

void EdgeSessions::on_connected(const broker::Session& session, core::Now now) {
  if (requests_ && session.connected() && session.speaks_iot_edge())
    requests_->on_connected(edge_id_of(session), now);
}

void EdgeSessions::on_disconnected(const broker::Session& session, core::Now now) {
  if (requests_ && session.speaks_iot_edge()) requests_->on_disconnected(edge_id_of(session), now);
}

}  // namespace headgate::hub
