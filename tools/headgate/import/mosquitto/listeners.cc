#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "tools/headgate/import/mosquitto/parts.h"

namespace headgate::tools::mosquitto {
namespace {

bool is_ip(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return inet_pton(AF_INET, text.c_str(), parsed.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), parsed.data()) == 1;
}

bool is_loopback_address(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}

// The last line of that name among those of the whole broker.
const Line* last_of(const std::vector<Line>& lines, std::string_view key) {
  const auto found =
      std::find_if(lines.rbegin(), lines.rend(), [&](const Line& line) { return line.key == key; });
  return found == lines.rend() ? nullptr : &*found;
}

class ListenerImport {
 public:
  ListenerImport(const Section& section, const Line& head, Imported& out)
      : section_(section), head_(head), out_(out) {}

  // `global`: what per_listener_settings leaves to the whole broker; null: the listener has its own.
  Json run(const std::vector<Line>& hub) {
    place();
    tls();
    access(hub);
    limits();
    return std::move(listener_);
  }

 private:
  void place() {
    std::string_view rest = head_.value;
    const std::string port(take_word(rest));
    const std::string where(rest);
    const Line* const bind = section_.find("bind_address");
    if (head_.key == "listener" && port == "0" && where.starts_with('/')) {
      listener_["transport"] = "unix";
      listener_["path"] = where;
      return;
    }
    const auto number = core::parse_whole<uint16_t>(port);
    if (!number || *number == 0)
      return out_.error(head_.place, head_.text(), "has no port; allowed: 1 to 65535, or 0 and a path");
    const Line* const protocol = section_.find("protocol");
    listener_["transport"] = protocol != nullptr && protocol->value == "websockets" ? "ws" : "tcp";
    if (protocol != nullptr && protocol->value != "websockets" && protocol->value != "mqtt")
      out_.note(protocol->place, protocol->text(),
                "there is MQTT, and MQTT over WebSocket; this listens for MQTT");
    address(where.empty() && bind != nullptr ? *bind : head_,
            where.empty() && bind != nullptr ? bind->value : where);
    listener_["port"] = *number;
  }

  void address(const Line& line, const std::string& said) {
    const Line* const domain = section_.find("socket_domain");
    const bool six = domain != nullptr && domain->value == "ipv6";
    std::string found = said == "localhost" ? (six ? "::1" : "127.0.0.1") : said;
    if (found.empty()) {
      found = six ? "::" : "0.0.0.0";
      if (domain == nullptr)
        out_.note(line.place, line.text(),
                  "listens on IPv4; for IPv6 add a listener with the address \"::\"");
    } else if (!is_ip(found)) {
      out_.note(line.place, line.text(),
                "a listener has an IP address, no name; it is 127.0.0.1 until you write yours");
      found = "127.0.0.1";
    }
    listener_["address"] = found;
  }

  void tls() {
    const Line* const certificate = section_.find("certfile");
    const Line* const key = section_.find("keyfile");
    const bool network = listener_.contains("address");
    if (certificate == nullptr || key == nullptr) {
      for (const char* lonely : {"certfile", "keyfile", "cafile", "require_certificate", "tls_version"})
        if (const Line* const line = section_.find(lonely); line != nullptr)
          out_.note(line->place, line->text(), "has no effect without certfile and keyfile");
      if (network && !is_loopback_address(listener_["address"])) open_network();
      return;
    }
    if (!network) return out_.note(certificate->place, certificate->text(), "a Unix socket has no TLS");
    listener_["transport"] = listener_["transport"] == "ws" ? "wss" : "tls";
    listener_["tls"] = {{"cert_file", certificate->value}, {"key_file", key->value}};
    client_certificates();
    version();
  }

  void open_network() {
    listener_["insecure"] = true;
    out_.note(
        head_.place, head_.text(),
        "what passes here can be read and changed on the way, as it could with Mosquitto: it has \"insecure\": true; "
        "give it a certificate");
  }

  // Mosquitto asks clients for a certificate only where it requires one.
  void client_certificates() {
    const bool required = mosquitto::flag_of(section_.find("require_certificate"), false, out_);
    const Line* const authorities = section_.find("cafile");
    const bool names = mosquitto::flag_of(section_.find("use_identity_as_username"), false, out_);
    listener_["tls"]["identity"] = names ? "cn" : "none";
    if (authorities == nullptr && required)
      return out_.error(section_.find("require_certificate")->place, "require_certificate true",
                        "names no cafile that may sign the certificates of clients");
    if (!required) {
      if (authorities != nullptr)
        out_.note(
            authorities->place, authorities->text(),
            "clients are not asked for a certificate here, as in Mosquitto without require_certificate");
      return;
    }
    listener_["tls"]["client_ca_file"] = authorities->value;
    listener_["tls"]["require_client_certificate"] = true;
  }

  void version() {
    const Line* const line = section_.find("tls_version");
    if (line == nullptr) return;
    listener_["tls"]["min_version"] = line->value == "tlsv1.3" ? "1.3" : "1.2";
    if (line->value != "tlsv1.3" && line->value != "tlsv1.2")
      out_.note(line->place, line->text(), "versions before TLS 1.2 are refused");
  }

  // Without a listener in the file, Mosquitto lets everybody in on loopback; with one, nobody without a name.
  void access(const std::vector<Line>& hub) {
    const Line* anonymous = section_.find("allow_anonymous");
    if (anonymous == nullptr) anonymous = last_of(hub, "allow_anonymous");
    listener_["anonymous"] = mosquitto::flag_of(anonymous, false, out_);
    if (const Line* const users = section_.find("password_file")) listener_["password_file"] = users->value;
  }

  void limits() {
    if (const Line* const most = section_.find("max_connections"); most != nullptr && most->value != "-1")
      listener_["connections_max"] = mosquitto::number_of(most, 0, out_);
    const Line* const origin = section_.find("websockets_origin");
    if (origin == nullptr) return;
    const std::string transport = listener_["transport"];
    if (transport.starts_with("ws"))
      listener_["ws_origin"] = origin->value;
    else
      out_.note(origin->place, origin->text(), "is for listeners with `protocol websockets`");
  }

  const Section& section_;
  const Line& head_;
  Imported& out_;
  Json listener_ = Json::object();
};

// The default listener's port, if it is said; else nothing listens there.
const Line* default_head(const Section& section) {
  if (const Line* const port = section.find("port")) return port;
  return section.find("bind_address");
}

void loopback_only(const Section& section, const std::vector<Line>& hub, Json& config, Imported& out) {
  const Line* anonymous = section.find("allow_anonymous");
  if (anonymous == nullptr) anonymous = last_of(hub, "allow_anonymous");
  Json listener = {{"transport", "tcp"}, {"address", "127.0.0.1"}, {"port", 1883}};
  listener["anonymous"] = flag_of(anonymous, true, out);
  if (const Line* const users = section.find("password_file")) listener["password_file"] = users->value;
  for (const Line& line : section.lines)
    if (line.key != "allow_anonymous" && line.key != "password_file" && line.key != "acl_file")
      out.note(line.place, line.text(), "has no effect: no listener is before it in the file");
  config["listeners"] = Json::array({std::move(listener)});
}

}  // namespace

void import_listeners(const Sections& sections, Json& config, Imported& out) {
  const Section& first = sections.listeners.front();
  const Line* const port = default_head(first);
  if (port == nullptr && sections.listeners.size() == 1)
    return loopback_only(first, sections.hub, config, out);
  Json listeners = Json::array();
  if (port != nullptr) {
    Line head = *port;
    if (head.key == "bind_address") head = {port->place, "port", "1883"};
    listeners.push_back(ListenerImport(first, head, out).run(sections.hub));
  } else {
    for (const Line& line : first.lines)
      out.note(line.place, line.text(), "has no effect: no listener is before it in the file");
  }
  for (size_t i = 1; i < sections.listeners.size(); ++i)
    listeners.push_back(
        ListenerImport(sections.listeners[i], sections.listeners[i].head, out).run(sections.hub));
  config["listeners"] = std::move(listeners);
  for (const Section& section : sections.listeners)
    if (const Line* const aliases = section.find("max_topic_alias")) {
      config["limits"]["topic_aliases_max"] = std::min<uint64_t>(number_of(aliases, 10, out), 65'535);
      out.note(aliases->place, aliases->text(), "limits.topic_aliases_max is for all listeners");
    }
}

}  // namespace headgate::tools::mosquitto
