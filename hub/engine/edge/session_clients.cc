#include "hub/engine/edge/session_clients.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/session/shared_publish.h"
#include "core/topic.h"

namespace headgate::hub {
namespace {

bool wants(const broker::Session& session, std::string_view topic) {
  const auto& filters = session.subscriptions();
  return std::ranges::any_of(filters, [&](const auto& one) { return core::topic_matches(one.first, topic); });
}

}  // namespace

EdgeId edge_client(const broker::Session& session) {
  return {session.identity().device, session.identity().module};
}

std::shared_ptr<broker::Session> SessionClients::connected(const EdgeId& client) const {
  std::shared_ptr<broker::Session> session = broker_.find(client.id());
  // A client of plain MQTT may have the id of a device: it is none.
  const bool there = session && session->connected() && edge_client(*session) == client;
  return there ? session : nullptr;
}

bool SessionClients::is_subscribed(const EdgeId& client, std::string_view filter) const {
  const auto session = connected(client);
  return session && session->subscriptions().contains(filter);
}

bool SessionClients::send(const EdgeId& client, std::string topic, std::string body, core::Now now) {
  const auto session = connected(client);
  if (!session || !wants(*session, topic)) return false;
  auto message = std::make_shared<core::Message>();
  message->topic = std::move(topic);
  message->body = std::move(body);
  message->arrived_ms = now.wall_ms;
  message->arrived_hub_ms = now.hub_ms;
  broker::SharedPublish shared(std::move(message));
  session->deliver_from_memory(shared, 0, false, {}, now);
  return true;
}

}  // namespace headgate::hub
