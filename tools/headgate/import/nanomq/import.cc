#include "tools/headgate/import/nanomq/import.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"
#include "core/topic.h"
#include "tools/headgate/import/access_draft.h"
#include "tools/headgate/import/bridge_draft.h"
#include "tools/headgate/import/nanomq/leaves.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;
using nanomq::Leaf;
using nanomq::Leaves;

// Why a value has no counterpart, by what its path begins with.
struct Reason {
  std::string_view begin;
  std::string_view why;
};

constexpr std::array<Reason, 15> kReasons = {{
    {"mqtt.", "has no counterpart: clients are bounded by limits.*, see docs/configuration.md"},
    {"sqlite.", "what waits is always in the store, see store.*"},
    {"bridges.mqtt.cache", "what waits for a link is always in the store, see store.*"},
    {"http_server.", "the hub is administered over its socket, see `headgate`"},
    {"webhook.", "there are no web hooks; a route leads to a topic, and a module calls the service"},
    {"exhook.", "there are no hooks; a route leads to a topic, and a module calls the service"},
    {"auth.http_auth.", "users are in a file, auth.password_file"},
    {"auth.", "has no counterpart; see docs/access.md"},
    {"bridges.aws", "use a link with \"preset\": \"aws-iot-core\""},
    {"bridges.", "has no counterpart among the keys of links"},
    {"rules.", "write it as a route, see docs/route-language.md"},
    {"plugins.", "there are no plugins"},
    {"log.", "the log goes to stderr, and so to the journal; see log.level and log.file"},
    {"listeners.", "has no counterpart among the keys of listeners"},
    {"system.", "the hub has as many threads as it needs"},
}};

std::string why_not(const std::string& path) {
  const auto* const reason =
      std::ranges::find_if(kReasons, [&](const Reason& it) { return path.starts_with(it.begin); });
  return std::string(reason == kReasons.end() ? "has no counterpart" : reason->why);
}

bool is_secret_path(const std::string& path) {
  return path.ends_with("password") || path.ends_with("keypass") || path.starts_with("auth.password.");
}

std::string shown(const Leaf& leaf) {
  return leaf.path + " = " + (is_secret_path(leaf.path) ? "***" : leaf.value);
}

// "mqtt-tcp://host:1883", "0.0.0.0:8083/mqtt"
struct Address {
  bool tls = false;
  std::string host;
  uint16_t port = 0;
  std::string path;
};

std::optional<Address> address_of(std::string_view text) {
  Address address;
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    const std::string_view name = text.substr(0, scheme);
    address.tls = name.starts_with("tls") || name.starts_with("wss") || name.ends_with("-tls") ||
                  name.ends_with("-wss");
    text.remove_prefix(scheme + 3);
  }
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    address.path = text.substr(slash);
    text = text.substr(0, slash);
  }
  const size_t colon = text.rfind(':');
  const auto port =
      core::parse_whole<uint16_t>(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port) return std::nullopt;
  address.port = *port;
  address.host = colon == std::string_view::npos ? "0.0.0.0" : std::string(text.substr(0, colon));
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  return address;
}

class NanoImport {
 public:
  NanoImport(Leaves leaves, const ImportFiles& files, Imported& out)
      : leaves_(std::move(leaves)), files_(files), out_(out) {}

  Json run() {
    anonymous_ = leaves_.flag("auth.allow_anonymous", leaves_.flag("allow_anonymous", true));
    listeners();
    users();
    rules();
    limits();
    bridges("bridges.mqtt");
    bridges("bridge.mqtt");
    put_bridges(bridges_, config_, out_);
    for (const Leaf* leaf : leaves_.not_taken()) out_.note(leaf->place, shown(*leaf), why_not(leaf->path));
    return std::move(config_);
  }

 private:
  struct ListenerForm {
    const char* path;
    const char* bind;
    const char* transport;
    const char* key = "keyfile";
    const char* certificate = "certfile";
    const char* authorities = "cacertfile";
  };

  void listeners() {
    static constexpr std::array<ListenerForm, 7> kForms = {{
        {"listeners.tcp", "bind", "tcp"},
        {"listeners.ssl", "bind", "tls"},
        {"listeners.ws", "bind", "ws"},
        {"listeners.wss", "bind", "wss"},
        {"", "url", "tcp"},
        {"tls", "url", "tls", "key", "cert", "cacert"},
        {"websocket", "url", "ws"},
    }};
    config_["listeners"] = Json::array();
    for (const ListenerForm& form : kForms) listener(form);
    if (config_["listeners"].empty())
      config_["listeners"].push_back(
          {{"address", "0.0.0.0"}, {"port", 1883}, {"insecure", true}, {"anonymous", anonymous_}});
  }

  void listener(const ListenerForm& form) {
    const std::string path = form.path;
    const std::string at = path.empty() ? "" : path + ".";
    const bool on = path.empty() || leaves_.flag(at + "enable", true);
    const Leaf* const bind = leaves_.take(at + form.bind);
    if (bind == nullptr) return;
    if (!on) {
      for (const Leaf* leaf : leaves_.take_below(path))
        if (leaf != bind) out_.note(leaf->place, shown(*leaf), "is of a listener that is switched off");
      return;
    }
    const auto address = address_of(bind->value);
    if (!address) return out_.error(bind->place, shown(*bind), "is no address:port");
    const std::string transport = form.transport;
    Json listener = {{"transport", transport}, {"address", address->host}, {"port", address->port}};
    if (transport == "tls" || transport == "wss")
      listener_tls(form, at, listener);
    else
      open_network(*bind, address->host, listener);
    if (transport.starts_with("ws") && !address->path.empty()) listener["ws_path"] = address->path;
    listener["anonymous"] = anonymous_;
    config_["listeners"].push_back(std::move(listener));
  }

  void open_network(const Leaf& bind, const std::string& host, Json& listener) {
    if (host == "::1" || host.starts_with("127.")) return;
    listener["insecure"] = true;
    out_.note(
        bind.place, shown(bind),
        "what passes here can be read and changed on the way, as with NanoMQ: it has \"insecure\": true; give it a "
        "certificate");
  }

  void listener_tls(const ListenerForm& form, const std::string& at, Json& listener) {
    listener["tls"] = {{"cert_file", leaves_.text(at + form.certificate)},
                       {"key_file", leaves_.text(at + form.key)}};
    const bool verify = leaves_.flag(at + "verify_peer", false);
    const bool required = leaves_.flag(at + "fail_if_no_peer_cert", false);
    const Leaf* const authorities = leaves_.take(at + form.authorities);
    listener["tls"]["identity"] = "none";
    if (verify && authorities != nullptr) {
      listener["tls"]["client_ca_file"] = authorities->value;
      listener["tls"]["require_client_certificate"] = required;
    } else if (authorities != nullptr) {
      out_.note(authorities->place, shown(*authorities),
                "clients are not asked for a certificate here, as without verify_peer");
    }
    if (const Leaf* const password = leaves_.take(at + "key_password");
        password != nullptr && !password->value.empty())
      out_.note(password->place, shown(*password),
                "keys have no passphrase here; take it off with `openssl pkey`");
  }

  // Passwords in clear are not taken over.
  void users() {
    for (const Leaf* leaf : leaves_.take_below("auth.password"))
      out_.note(leaf->place, shown(*leaf),
                "passwords are kept as hashes: `headgate passwd FILE USER`, and auth.password_file");
  }

  void rules() {
    const bool open = leaves_.text("auth.no_match") != "deny";
    const auto names = leaves_.names_below("auth.acl.rules");
    Json rules = Json::array();
    bool allowed = false;
    for (const std::string& name : names) rule("auth.acl.rules." + name, allowed, rules);
    if (open) rules.push_back(full_right(everybody()));
    config_["access"]["rules"] = std::move(rules);
  }

  void rule(const std::string& path, bool& allowed, Json& rules) {
    const Leaf* const first = leaves_.first_below(path);
    const bool allow = leaves_.text(path + ".permit") != "deny";
    const std::string user = rule_user(path);
    const std::string action = leaves_.text(path + ".action");
    Json actions = Json::array();
    if (action != "subscribe") actions.push_back("publish");
    if (action != "publish") actions.insert(actions.end(), {"subscribe", "receive"});
    Json topics = Json::array();
    for (const Leaf* topic : leaves_.take_below(path + ".topics")) add_topic(*topic, topics);
    if (topics.empty()) topics = {"#", "$SYS/#"};
    if (narrows(path, allow)) return;
    if (!allow && allowed)
      out_.note(first->place, path,
                "denies here also what a rule before it allows: what is denied goes before what is allowed");
    allowed = allowed || allow;
    rules.push_back({{"who", Json::parse(user)}, {allow ? "allow" : "deny", actions}, {"topics", topics}});
  }

  std::string rule_user(const std::string& path) {
    std::string user = leaves_.text(path + ".username");
    if (user.empty()) user = leaves_.text(path + ".and.username");
    if (user == "#") user = "*";
    return user.empty() ? everybody() : user_named(user);
  }

  // Clients are told apart by who they are, not by their address or id. What such a rule allows is left out, what it denies is
  // denied to all.
  bool narrows(const std::string& path, bool allow) {
    bool left_out = false;
    for (const char* by : {".clientid", ".ipaddr", ".and", ".or"}) {
      auto found = leaves_.take_below(path + by);
      if (const Leaf* const leaf = leaves_.take(path + by)) found.push_back(leaf);
      std::erase_if(found, [&](const Leaf* leaf) {
        return leaf->path == path + ".and.username" || leaf->value == "#";
      });
      for (const Leaf* leaf : found)
        out_.note(leaf->place, shown(*leaf),
                  allow ? "rules do not ask for it: this one is left out"
                        : "rules do not ask for it: this one denies everybody");
      left_out = left_out || !found.empty();
    }
    return allow && left_out;
  }

  void add_topic(const Leaf& leaf, Json& topics) {
    if (!core::is_valid_topic_filter(leaf.value))
      return out_.error(leaf.place, shown(leaf), "is no topic filter");
    topics.push_back(leaf.value);
    if (leaf.value == "#") topics.push_back("$SYS/#");
  }

  void limits() {
    if (const Leaf* const size = leaves_.take("mqtt.max_packet_size"))
      config_["limits"]["packet_bytes_max"] =
          std::clamp<uint64_t>(nanomq::scaled(size->value, 1 << 20), 1024, 268'435'460);
    if (const Leaf* const window = leaves_.take("mqtt.max_inflight_window"))
      config_["limits"]["in_flight_max"] =
          std::clamp<uint64_t>(nanomq::scaled(window->value, 1024), 1, 65'535);
    if (const Leaf* const queue = leaves_.take("mqtt.max_mqueue_len"))
      config_["limits"]["queued_messages_max"] =
          std::clamp<uint64_t>(nanomq::scaled(queue->value, 10'000), 1, 100'000'000);
    if (const Leaf* const level = leaves_.take("log.level")) {
      const std::string& said = level->value;
      config_["log"]["level"] = said == "trace" || said == "debug"   ? "debug"
                                : said == "warn"                     ? "warn"
                                : said == "error" || said == "fatal" ? "error"
                                                                     : "info";
    }
  }

  void bridges(const std::string& root) {
    for (const std::string& name : leaves_.names_below(root)) {
      if (name == "cache" || name == "sqlite") continue;
      bridge(root + "." + name, name);
    }
  }

  void bridge(const std::string& path, const std::string& name) {
    const Leaf* server = leaves_.take(path + ".server");
    if (server == nullptr) server = leaves_.take(path + ".address");
    const bool on = leaves_.flag(path + ".enable", leaves_.flag(path + ".bridge_mode", true));
    if (!on || server == nullptr) {
      for (const Leaf* leaf : leaves_.take_below(path))
        out_.note(leaf->place, shown(*leaf), "is of a bridge that is switched off or has no server");
      return;
    }
    const auto address = address_of(server->value);
    if (!address) return out_.error(server->place, shown(*server), "is no mqtt-tcp://host:port");
    Bridge bridge{server->place, name};
    bridge.brokers.emplace_back(address->host, address->port);
    Json link = link_of(path, name);
    bridge_tls(path, address->tls, *server, link);
    bridge.link_keys = link.dump();
    forwards(path, bridge);
    subscriptions(path, bridge);
    bridges_.push_back(std::move(bridge));
  }

  Json link_of(const std::string& path, const std::string& name) {
    Json link = {{"protocol", leaves_.text(path + ".proto_ver") == "5" ? 5 : 4}};
    if (const std::string id = leaves_.text(path + ".clientid"); !id.empty()) link["client_id"] = id;
    if (const std::string user = leaves_.text(path + ".username"); !user.empty()) link["username"] = user;
    if (const Leaf* const alive = leaves_.take(path + ".keepalive"))
      link["keep_alive_s"] = std::clamp<uint64_t>(nanomq::scaled(alive->value, 60), 5, 65'535);
    const Leaf* const password = leaves_.take(path + ".password");
    if (password == nullptr || password->value.empty()) return link;
    const std::string file = files_.password_file(link_name(name));
    if (file.empty()) {
      out_.note(password->place, shown(*password),
                "is left out: a password is in a file of its own; write one and name it in links." +
                    link_name(name) + ".password_file, or say -o");
      return link;
    }
    link["password_file"] = file;
    out_.secrets.push_back({link_name(name), password->value});
    return link;
  }

  void bridge_tls(const std::string& path, bool tls, const Leaf& server, Json& link) {
    const std::string ca = leaves_.text(path + ".ssl.cacertfile");
    const std::string certificate = leaves_.text(path + ".ssl.certfile");
    const std::string key = leaves_.text(path + ".ssl.keyfile");
    if (!tls && ca.empty()) return;
    if (ca.empty())
      return out_.error(server.place, shown(server),
                        "has no ssl.cacertfile, without which the broker cannot be verified");
    link["tls"]["ca_file"] = ca;
    if (certificate.empty() || key.empty()) return;
    link["tls"]["cert_file"] = certificate;
    link["tls"]["key_file"] = key;
  }

  void forwards(const std::string& path, Bridge& bridge) {
    if (const Leaf* const list = leaves_.take(path + ".forwards")) return flat_forwards(*list, bridge);
    for (const std::string& name : leaves_.names_below(path + ".forwards")) {
      const std::string at = path + ".forwards." + name;
      if (const Leaf* const plain = leaves_.take(at)) {
        bridge.up.push_back({plain->place, shown(*plain), plain->value, "", "", 1});
        continue;
      }
      topic(at, bridge.up);
    }
  }

  // "a/#,b/#"
  void flat_forwards(const Leaf& leaf, Bridge& bridge) {
    std::string_view rest = leaf.value;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      bridge.up.push_back({leaf.place, shown(leaf), std::string(one), "", "", 1});
    }
  }

  void subscriptions(const std::string& path, Bridge& bridge) {
    for (const std::string& name : leaves_.names_below(path + ".subscription"))
      topic(path + ".subscription." + name, bridge.down);
  }

  // Reads its topics here and there, and where they end in the same levels, these and what stands before them.
  void topic(const std::string& path, std::vector<BridgeTopic>& topics) {
    const Leaf* const first = leaves_.first_below(path);
    std::string local = leaves_.text(path + ".local_topic");
    std::string remote = leaves_.text(path + ".remote_topic");
    if (local.empty() && remote.empty()) local = remote = leaves_.text(path + ".topic");
    if (local.empty()) local = remote;
    if (remote.empty()) remote = local;
    const std::string said = leaves_.text(path + ".qos");
    const auto qos = core::parse_whole<int>(said.empty() ? "0" : said);
    if (first == nullptr) return;
    if (local.empty()) return out_.error(first->place, path, "has no topic");
    if (!qos || *qos < 0 || *qos > 2)
      return out_.error(first->place, path + ".qos = " + said, "is no QoS 0, 1 or 2");
    topics.push_back(split(*first, local, remote, *qos));
  }

  static BridgeTopic split(const Leaf& leaf, const std::string& local, const std::string& remote, int qos) {
    size_t same = 0;
    for (size_t i = 1; i <= std::min(local.size(), remote.size()); ++i) {
      if (local[local.size() - i] != remote[remote.size() - i]) break;
      const bool whole = (i == local.size() || local[local.size() - i - 1] == '/') &&
                         (i == remote.size() || remote[remote.size() - i - 1] == '/');
      if (whole) same = i;
    }
    return {leaf.place,
            remote + " <-> " + local,
            local.substr(local.size() - same),
            local.substr(0, local.size() - same),
            remote.substr(0, remote.size() - same),
            qos};
  }

  Leaves leaves_;
  const ImportFiles& files_;
  Imported& out_;
  Json config_ = Json::object();
  bool anonymous_ = true;
  std::vector<Bridge> bridges_;
};

}  // namespace

Imported import_nanomq(const std::string& file, const ImportFiles& files) {
  Imported out;
  const auto text = files.read(file);
  const bool flat = text && text->find('{') == std::string::npos && text->find('=') != std::string::npos;
  Leaves leaves(flat ? nanomq::parse_flat(*text, file) : nanomq::parse_hocon(file, files, out));
  Json config = NanoImport(std::move(leaves), files, out).run();
  if (out.errors.empty()) out.config = config.dump(2) + "\n";
  return out;
}

}  // namespace headgate::tools
