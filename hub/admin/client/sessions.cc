#include "hub/admin/client/sessions.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const DeniedCounts& denied) {
  return {{"publish", denied.publish}, {"subscribe", denied.subscribe}, {"receive", denied.receive}};
}

Json to_json(const ClientInfo& client) {
  return {{"client_id", client.client_id},
          {"address", client.address},
          {"protocol", client.protocol},
          {"username", client.username},
          {"device", client.device},
          {"module", client.module},
          {"connected", client.connected},
          {"persistent", client.persistent},
          {"since_ms", client.since_ms},
          {"last_seen_ms", client.last_seen_ms},
          {"connects", client.connects},
          {"keep_alive_s", client.keep_alive_s},
          {"subscriptions", client.subscriptions},
          {"in_flight", client.in_flight},
          {"queued_messages", client.queued_messages},
          {"queued_bytes", client.queued_bytes},
          {"messages_in", client.messages_in},
          {"messages_out", client.messages_out},
          {"held", client.held},
          {"paused", client.paused},
          {"dropped", client.dropped},
          {"denied", to_json(client.denied)}};
}

std::string text_of(const std::vector<ClientInfo>& known) {
  std::string rows;
  for (const ClientInfo& client : known) rows.append(rows.empty() ? "" : ",").append(client_row(client));
  return R"({"clients":[)" + rows + "]}";
}

}  // namespace

std::string client_row(const ClientInfo& client) { return answer_json(to_json(client)).body; }

AdminReply get_clients(const AdminCall& call) {
  return AdminLater{[&hub = call.hub](auto done) {
    const auto known = std::make_shared<const std::vector<ClientInfo>>(hub.clients());
    hub.elsewhere([known] { return text_of(*known); },
                  [done = std::move(done)](std::string text) {
                    done({200, std::move(text)});
                  });
  }};
}

AdminReply post_kick_client(const AdminCall& call) {
  if (const core::Status kicked = call.hub.kick_client(call.name); !kicked) return refused(kicked.error());
  return answer_json({{"client_id", call.name}});
}

AdminReply post_remove_session(const AdminCall& call) {
  const auto removed = call.hub.remove_session(call.name);
  if (!removed) return refused(removed.error());
  return answer_json({{"client_id", call.name},
                      {"was_connected", removed->was_connected},
                      {"messages", removed->messages},
                      {"bytes", removed->bytes}});
}

}  // namespace headgate::hub
