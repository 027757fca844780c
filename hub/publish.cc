// A message that comes in over HTTP. It takes the way of a command from upstream: by somebody's rights, known again by its
// key, answered once it is durable.
#include <string>
#include <utility>

#include "hub/hub.h"

namespace headgate::hub {
namespace {

// Client of messages that come in over HTTP.
constexpr std::string_view kHttpClient = "$http";

upstream::Command command_of(PublishRequest&& request) {
  upstream::Command command;
  command.publish_as = std::move(request.user);
  command.client = kHttpClient;
  if (!request.idempotency_key.empty())
    command.id = {upstream::CommandId::Kind::key, std::move(request.idempotency_key)};
  command.topic = request.topic;
  command.message.topic = std::move(request.topic);
  command.message.payload = std::move(request.body);
  command.message.properties = std::move(request.properties);
  command.message.expiry_s = request.expiry_s;
  command.message.qos = 1;
  command.message.retain = request.retain;
  return command;
}

Published published(const upstream::Verdict& verdict) {
  switch (verdict.fate) {
    case upstream::Fate::stored:
      return {200, verdict.seq, false, {}};
    case upstream::Fate::repeated:
      return {200, 0, true, {}};
    case upstream::Fate::lost:
      return {503, 0, false, "the store failed before the message was durable; send it again"};
    case upstream::Fate::refused:
      break;
  }
  return {verdict.full ? 429u : 403u, 0, false, verdict.why};
}

}  // namespace

void Hub::publish(PublishRequest request, OnPublished done) {
  const size_t bytes_max = config_.broker.session.packet_bytes_max;
  if (request.body.size() + request.topic.size() > bytes_max)
    return done(
        {413, 0, false, "the message is larger than limits.packet_bytes_max: " + std::to_string(bytes_max)});
  if (const std::string& error = engine_.store_error(); !error.empty())
    return done({503, 0, false, "the store does not take messages now: " + error});
  engine_.commands().take(
      command_of(std::move(request)), clock_.now(),
      [done = std::move(done)](const upstream::Verdict& verdict, core::Now) { done(published(verdict)); });
}

}  // namespace headgate::hub
