#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// "connected" · "offline" · "3 held" (publishes wait for room in a queue) · "not read, 64 held"
std::string state_of(const Json& client) {
  const uint64_t held = number_of(client, "held");
  if (!flag_of(client, "connected")) return "offline";
  if (held == 0) return "connected";
  return (flag_of(client, "paused") ? "not read, " : "") + std::to_string(held) + " held";
}

Table table_of_clients(const Json& json) {
  Table table({{"CLIENT"},
               {"STATE"},
               {"MQTT"},
               {"ADDRESS"},
               {"SINCE"},
               {"SUBSCRIPTIONS", Align::right},
               {"IN FLIGHT", Align::right},
               {"QUEUED", Align::right},
               {"SIZE", Align::right},
               {"IN", Align::right},
               {"OUT", Align::right},
               {"DROPPED", Align::right}});
  for (const Json& client : member_of(json, "clients")) {
    const auto count = [&client](std::string_view field) { return std::to_string(number_of(client, field)); };
    table.add({or_dash(text_of(client, "client_id")), state_of(client), or_dash(text_of(client, "protocol")),
               or_dash(text_of(client, "address")),
               iso_time(static_cast<int64_t>(number_of(client, "since_ms"))), count("subscriptions"),
               count("in_flight"), count("queued_messages"), human_bytes(number_of(client, "queued_bytes")),
               count("messages_in"), count("messages_out"), count("dropped")});
  }
  return table;
}

}  // namespace

int run_client_ls(const Context& context) {
  return answer_table(context, context.hub.get("/v1/clients"), table_of_clients);
}

}  // namespace headgate::tools
