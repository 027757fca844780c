#include "hub/config/listener_entry.h"

#include <algorithm>

#include "hub/config/problems.h"

namespace headgate::hub {
namespace {

using broker::Transport;

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Place of a listener, and its object in the file.
class Check {
 public:
  Check(const ListenerConfig& listener, std::string place, Problems& problems)
      : listener_(listener.options),
        insecure_(listener.insecure),
        place_(std::move(place)),
        problems_(problems) {}

  void run() {
    if (listener_.transport == Transport::unix_socket) {
      unix_socket();
    } else {
      network();
    }
    if (broker::is_encrypted(listener_.transport)) {
      tls();
    } else if (listener_.tls != broker::TlsOptions{}) {
      add("tls", R"(has no meaning here; set "transport" to "tls" or "wss", or leave it out)");
    }
    if (!broker::is_web_socket(listener_.transport)) no_web_socket();
    if (listener_.policy.dialect == broker::Dialect::iot_edge) iot_edge();
  }

 private:
  void add(std::string_view key, const std::string& what) {
    problems_.add(place_ + "." + std::string(key), what);
  }

  void unix_socket() {
    if (listener_.path.empty()) add("path", "is missing; name the file that clients connect to");
    if (listener_.address != broker::ListenerOptions{}.address)
      add("address", "has no meaning for a Unix socket, which has a path; leave it out");
    if (listener_.port != default_port(Transport::unix_socket))
      add("port", "has no meaning for a Unix socket, which has a path; leave it out");
  }

  void network() {
    if (!listener_.path.empty()) {
      add("path",
          R"(is for Unix sockets; set "transport" to "unix", or leave it out)" +
              std::string(broker::is_web_socket(listener_.transport) ? "; a WebSocket's path is ws_path"
                                                                     : ""));
    }
    if (broker::is_encrypted(listener_.transport) || insecure_ || is_loopback(listener_.address)) return;
    add("address", "is " + in_quotes(listener_.address) +
                       ", beyond loopback, where what passes can be read and changed on the way; use "
                       R"(127.0.0.1, or "transport": "tls" with a certificate, or say "insecure": true )"
                       "if the network is trusted");
  }

  void tls() {
    const broker::TlsOptions& tls = listener_.tls;
    for (const auto& [key, file] :
         {std::pair("tls.cert_file", &tls.cert_file), {"tls.key_file", &tls.key_file}}) {
      if (file->empty()) add(key, "is missing; TLS needs a certificate and its key, two PEM files");
    }
    if (tls.require_client_certificate && tls.ca_file.empty())
      add("tls.client_ca_file",
          "is missing; it names who may sign the client certificates that are required");
  }

  // Refuses keys that say who may come in elsewhere.
  void iot_edge() {
    const std::string what =
        R"(has no meaning with "dialect": "iot-edge", where the identities of iot_edge.identities_file )"
        "say who comes in and by which certificate; leave it out";
    if (!listener_.tls.ca_file.empty()) add("tls.client_ca_file", what);
    if (listener_.tls.require_client_certificate) add("tls.require_client_certificate", what);
    if (!listener_.policy.password_file.empty()) add("password_file", what);
  }

  void no_web_socket() {
    const broker::WebSocketOptions defaults;
    const std::string what = R"(is for WebSockets; set "transport" to "ws" or "wss", or leave it out)";
    if (listener_.web_socket.paths != defaults.paths) add("ws_path", what);
    if (listener_.web_socket.origins != defaults.origins) add("ws_origin", what);
  }

  const broker::ListenerOptions& listener_;
  bool insecure_;
  std::string place_;
  Problems& problems_;
};

bool are_in_the_same_place(const broker::ListenerOptions& a, const broker::ListenerOptions& b) {
  const bool a_is_unix = a.transport == Transport::unix_socket;
  if (a_is_unix != (b.transport == Transport::unix_socket)) return false;
  if (a_is_unix) return a.path == b.path && !a.path.empty();
  return a.address == b.address && a.port == b.port && a.port != 0;
}

}  // namespace

uint16_t default_port(Transport transport) {
  switch (transport) {
    case Transport::tls:
      return 8883;
    case Transport::ws:
      return 8080;
    case Transport::wss:
      return 8443;
    case Transport::tcp:
    case Transport::unix_socket:
      break;
  }
  return 1883;
}

bool is_loopback(std::string_view address) { return address == "::1" || address.starts_with("127."); }

bool is_local(const ListenerConfig& listener) {
  return listener.options.transport == Transport::unix_socket || is_loopback(listener.options.address);
}

void check_listeners(const std::vector<ListenerConfig>& listeners, Problems& problems) {
  for (size_t i = 0; i < listeners.size(); ++i) {
    const std::string place = "listeners[" + std::to_string(i) + "]";
    Check(listeners[i], place, problems).run();
    const auto same = [&](const ListenerConfig& other) {
      return are_in_the_same_place(other.options, listeners[i].options);
    };
    const auto first = std::find_if(listeners.begin(), listeners.end(), same) - listeners.begin();
    if (static_cast<size_t>(first) < i) {
      const bool is_unix = listeners[i].options.transport == Transport::unix_socket;
      problems.add(place, "has the " + std::string(is_unix ? "path" : "address and port") + " of listeners[" +
                              std::to_string(first) + "]; keep one of them");
    }
  }
}

broker::ListenerOptions listener_options(const ListenerConfig& config, const std::string& own_device) {
  broker::ListenerOptions options = config.options;
  const bool by_place = config.anonymous == Anonymous::loopback && is_local(config);
  options.policy.allow_anonymous = config.anonymous == Anonymous::yes || by_place;
  options.policy.own_device = own_device;
  options.policy.trusts_certificate = options.tls.identity != broker::CertificateIdentity::none;
  return options;
}

}  // namespace headgate::hub
