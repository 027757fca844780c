#include "broker/net/web_socket_upgrade.h"

#include <algorithm>
#include <array>
#include <vector>

#include "broker/other_protocol.h"

namespace headgate::broker {
namespace {

// Subprotocols with one meaning here; MQTT.js and Paho of old say the second for 3.1.1, too.
constexpr std::array<std::string_view, 2> kProtocols = {"mqtt", "mqttv3.1"};

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

constexpr std::string_view kAmqp = "AMQPWSB10";

std::vector<std::string_view> names_in(std::string_view offered) {
  std::vector<std::string_view> names;
  while (!offered.empty()) {
    const size_t comma = std::min(offered.find(','), offered.size());
    names.push_back(trimmed(offered.substr(0, comma)));
    offered.remove_prefix(std::min(comma + 1, offered.size()));
  }
  return names;
}

// The first of ours that is offered, in our order.
std::string_view choose(std::string_view offered) {
  const std::vector<std::string_view> names = names_in(offered);
  for (const std::string_view known : kProtocols) {
    if (const auto found = std::find(names.begin(), names.end(), known); found != names.end()) return known;
  }
  return "";
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all.append(all.empty() ? "" : " or ").append(text);
  return all;
}

}  // namespace

UpgradeVerdict judge_upgrade(const UpgradeRequest& request, const WebSocketOptions& options,
                             Dialect dialect) {
  const auto is_one_of = [](const std::vector<std::string>& known, std::string_view text) {
    return std::find(known.begin(), known.end(), text) != known.end();
  };
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  if (dialect == Dialect::mqtt && !is_one_of(options.paths, path))
    return {404, "There is nothing here. MQTT over WebSocket is at " + joined(options.paths) + ".\n", {}};
  if (!request.asks_for_web_socket)
    return {426, "This is MQTT over WebSocket. Connect with an MQTT client, by a ws or wss URL.\n", {}};
  if (!request.origin.empty() && !options.origins.empty() && !is_one_of(options.origins, request.origin))
    return {403, "Pages of this origin may not connect; see ws_origin in the hub's configuration.\n", {}};
  const std::string_view protocol = choose(request.protocols);
  if (protocol.empty()) {
    const std::vector<std::string_view> offered = names_in(request.protocols);
    const bool is_amqp = std::find(offered.begin(), offered.end(), kAmqp) != offered.end();
    return {400,
            "The client must offer the subprotocol mqtt (Sec-WebSocket-Protocol: mqtt).\n",
            {},
            is_amqp ? kSwitchToMqtt : ""};
  }
  return {101, "", protocol};
}

}  // namespace headgate::broker
