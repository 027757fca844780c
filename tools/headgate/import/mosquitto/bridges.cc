#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"
#include "tools/headgate/import/bridge_draft.h"
#include "tools/headgate/import/mosquitto/parts.h"

namespace headgate::tools::mosquitto {
namespace {

constexpr uint16_t kDefaultPort = 1883;

// "host", "host:port" or "[::1]:port".
std::optional<std::pair<std::string, uint16_t>> broker_of(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool in_brackets = text.starts_with('[') && text.find(']') != std::string_view::npos;
  const bool one_colon = colon != std::string_view::npos && text.find(':') == colon;
  const bool has_port = one_colon || (in_brackets && colon > text.find(']'));
  std::string_view host = has_port ? text.substr(0, colon) : text;
  if (host.starts_with('[')) host = host.substr(1, host.find(']') - 1);
  if (!has_port) return std::pair(std::string(host), kDefaultPort);
  const auto port = core::parse_whole<uint16_t>(text.substr(colon + 1));
  if (!port || host.empty()) return std::nullopt;
  return std::pair(std::string(host), *port);
}

// A prefix as the file writes it: "" is none.
std::string prefix_of(std::string_view word) { return word == "\"\"" ? "" : std::string(word); }

class BridgeImport {
 public:
  BridgeImport(const Section& section, const ImportFiles& files, Imported& out)
      : section_(section), files_(files), out_(out), bridge_{section.head.place, section.head.value} {}

  Bridge run(Json& upstream) {
    for (const Line& line : section_.lines) {
      if (line.key == "address" || line.key == "addresses") brokers(line);
      if (line.key == "topic") topic(line);
      if (line.key == "restart_timeout") backoff(line, upstream);
    }
    protocol();
    names();
    password();
    tls();
    rest();
    bridge_.link_keys = link_.dump();
    return std::move(bridge_);
  }

 private:
  // The older or the newer name of a key.
  [[nodiscard]] const Line* either(std::string_view key, std::string_view other) const {
    const Line* const line = section_.find(key);
    return line != nullptr ? line : section_.find(other);
  }

  void brokers(const Line& line) {
    std::string_view text = line.value;
    while (!text.empty()) {
      const auto broker = broker_of(take_word(text));
      if (!broker) return out_.error(line.place, line.text(), "is no host:port");
      bridge_.brokers.push_back(*broker);
    }
  }

  // topic pattern [out|in|both] [qos] [local_prefix] [remote_prefix]
  void topic(const Line& line) {
    std::string_view text = line.value;
    BridgeTopic topic{line.place, line.text(), prefix_of(take_word(text))};
    const std::string direction(text.empty() ? "out" : take_word(text));
    const auto qos = core::parse_whole<int>(text.empty() ? "0" : take_word(text));
    topic.local_prefix = prefix_of(take_word(text));
    topic.remote_prefix = prefix_of(take_word(text));
    if (!qos || *qos < 0 || *qos > 2) return out_.error(line.place, line.text(), "has no QoS 0, 1 or 2");
    if (!text.empty()) return out_.error(line.place, line.text(), "has more than two prefixes");
    if (direction != "out" && direction != "in" && direction != "both")
      return out_.error(line.place, line.text(), "has a direction other than out, in or both");
    topic.qos = *qos;
    if (direction != "in") bridge_.up.push_back(topic);
    if (direction != "out") bridge_.down.push_back(topic);
  }

  void backoff(const Line& line, Json& upstream) {
    std::string_view text = line.value;
    const auto base = core::parse_whole<uint32_t>(take_word(text));
    const auto cap = text.empty() ? base : core::parse_whole<uint32_t>(take_word(text));
    if (!base || !cap || *cap < *base)
      return out_.error(line.place, line.text(), "is no time or two in seconds");
    if (upstream.contains("backoff"))
      return out_.note(line.place, line.text(), "upstream.backoff is for all links");
    upstream["backoff"] = {{"base_ms", std::clamp<uint64_t>(uint64_t{*base} * 1000, 10, 3'600'000)},
                           {"cap_ms", std::clamp<uint64_t>(uint64_t{*cap} * 1000, 10, 86'400'000)}};
  }

  void protocol() {
    const Line* const line = section_.find("bridge_protocol_version");
    const std::string version = line == nullptr ? "mqttv311" : line->value;
    if (version != "mqttv311" && version != "mqttv50" && version != "mqttv31")
      return out_.error(line->place, line->text(), "allowed: mqttv31, mqttv311, mqttv50");
    link_["protocol"] = version == "mqttv50" ? 5 : 4;
    if (version == "mqttv31")
      out_.note(line->place, line->text(), "MQTT 3.1.1 is the oldest version upstream");
  }

  void names() {
    if (const Line* const id = either("remote_clientid", "clientid")) link_["client_id"] = id->value;
    if (const Line* const user = either("remote_username", "username")) link_["username"] = user->value;
  }

  // Never in the configuration itself.
  void password() {
    const Line* const line = either("remote_password", "password");
    if (line == nullptr) return;
    const std::string name = link_name(bridge_.name);
    const std::string file = files_.password_file(name);
    if (file.empty())
      return out_.note(line->place, line->key + " ***",
                       "is left out: a password is in a file of its own; write one and name it in links." +
                           name + ".password_file, or say -o");
    link_["password_file"] = file;
    out_.secrets.push_back({name, line->value});
  }

  void tls() {
    const Line* const authorities = section_.find("bridge_cafile");
    if (authorities != nullptr) link_["tls"]["ca_file"] = authorities->value;
    const Line* const certificate = section_.find("bridge_certfile");
    const Line* const key = section_.find("bridge_keyfile");
    if (authorities != nullptr && certificate != nullptr && key != nullptr) {
      link_["tls"]["cert_file"] = certificate->value;
      link_["tls"]["key_file"] = key->value;
      return;
    }
    for (const Line* const line : {certificate, key})
      if (line != nullptr)
        out_.note(line->place, line->text(),
                  "is left out: a client certificate needs its key and bridge_cafile, too");
  }

  void rest() {
    if (const Line* const alive = section_.find("keepalive_interval"))
      link_["keep_alive_s"] = std::clamp<uint64_t>(number_of(alive, 60, out_), 5, 65'535);
    if (const Line* const bind = section_.find("bridge_bind_address")) link_["bind_address"] = bind->value;
    if (const Line* const alpn = section_.find("bridge_alpn")) link_["alpn"] = alpn->value;
    const Line* const start = section_.find("start_type");
    if (start == nullptr || start->value == "automatic") return;
    if (start->value == "lazy")
      link_["connect"] = "when_needed";
    else
      out_.note(start->place, start->text(),
                "a link connects by itself; see links.*.connect and links.*.open");
  }

  const Section& section_;
  const ImportFiles& files_;
  Imported& out_;
  Bridge bridge_;
  Json link_ = Json::object();
};

}  // namespace

void import_bridges(const Sections& sections, const ImportFiles& files, Json& config, Imported& out) {
  std::vector<Bridge> bridges;
  Json upstream = Json::object();
  for (const Section& section : sections.bridges)
    bridges.push_back(BridgeImport(section, files, out).run(upstream));
  put_bridges(bridges, config, out);
  if (!bridges.empty()) config["upstream"].update(upstream);
}

}  // namespace headgate::tools::mosquitto
