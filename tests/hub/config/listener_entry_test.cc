#include "hub/config/listener_entry.h"

#include <gtest/gtest.h>

#include "hub/config/config.h"

namespace headgate::hub {
namespace {

using broker::Transport;

std::string error_of_listeners(const std::string& listeners) {
  const auto config = parse_config("{\"listeners\": [" + listeners + "]}", "hub.json");
  return config ? "no error" : config.error().what;
}

ListenerConfig parsed_listener(const std::string& listener) {
  const auto config = parse_config("{\"listeners\": [" + listener + "]}", "hub.json");
  EXPECT_TRUE(config.has_value()) << config.error().what;
  return config ? config->listeners.front() : ListenerConfig{};
}

const std::string kTls = R"("tls": {"cert_file": "c.pem", "key_file": "k.pem"})";

TEST(ListenerConfig, GoesByTheTransportWhenThePortIsLeftOut) {
  EXPECT_EQ(parsed_listener("{}").options.port, 1883);
  EXPECT_EQ(parsed_listener(R"({"transport": "tls", )" + kTls + "}").options.port, 8883);
  EXPECT_EQ(parsed_listener(R"({"transport": "ws"})").options.port, 8080);
  EXPECT_EQ(parsed_listener(R"({"transport": "wss", )" + kTls + "}").options.port, 8443);
  EXPECT_EQ(parsed_listener(R"({"transport": "ws", "port": 1883})").options.port, 1883);
}

TEST(ListenerConfig, TakesEveryKey) {
  const ListenerConfig all = parsed_listener(
      R"({"transport": "wss", "address": "0.0.0.0", "port": 443, "anonymous": false, "connections_max": 7,
          "packet_bytes_max": "2KiB", "ws_path": ["/mqtt", "/$iothub/websocket"], "ws_origin": "https://a.example",
          "password_file": "panels",
          "tls": {"cert_file": "c", "key_file": "k", "client_ca_file": "ca", "require_client_certificate": true,
                  "identity": "san", "min_version": "1.3"}})");
  const broker::ListenerOptions options = listener_options(all);
  EXPECT_EQ(options.transport, Transport::wss);
  EXPECT_EQ(options.connections_max, 7u);
  EXPECT_EQ(options.policy.packet_bytes_max, 2048u);
  EXPECT_EQ(options.policy.password_file, "panels");
  EXPECT_EQ(options.web_socket.paths, (std::vector<std::string>{"/mqtt", "/$iothub/websocket"}));
  EXPECT_EQ(options.web_socket.origins, std::vector<std::string>{"https://a.example"});
  EXPECT_EQ(options.tls.ca_file, "ca");
  EXPECT_TRUE(options.tls.require_client_certificate);
  EXPECT_EQ(options.tls.identity, broker::CertificateIdentity::alternative_name);
  EXPECT_EQ(options.tls.min_version, broker::TlsVersion::v1_3);
  EXPECT_FALSE(options.policy.allow_anonymous);
}

TEST(ListenerConfig, LetsStrangersInOnlyWhereOnlyThisMachineCanConnect) {
  const auto lets_in = [](const std::string& listener) {
    return listener_options(parsed_listener(listener)).policy.allow_anonymous;
  };
  EXPECT_TRUE(lets_in("{}"));
  EXPECT_TRUE(lets_in(R"({"address": "::1"})"));
  EXPECT_TRUE(lets_in(R"({"transport": "unix", "path": "s"})"));
  EXPECT_FALSE(lets_in(R"({"address": "0.0.0.0", "insecure": true})"));
  EXPECT_FALSE(lets_in(R"({"address": "10.0.0.1", "transport": "tls", )" + kTls + "}"));
  EXPECT_TRUE(lets_in(R"({"address": "0.0.0.0", "insecure": true, "anonymous": true})"));
  EXPECT_FALSE(lets_in(R"({"anonymous": false})"));
}

TEST(ListenerConfig, UnixSocketHasAModeInOctal) {
  const auto options =
      listener_options(parsed_listener(R"({"transport": "unix", "path": "/run/h.sock", "mode": "0600"})"));
  EXPECT_EQ(options.path, "/run/h.sock");
  EXPECT_EQ(options.mode, 0600u);
}

TEST(ListenerConfig, SaysWhatDoesNotGoTogetherAndWhatToDo) {
  const std::string at = "hub.json: listeners[0].";
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"address": "0.0.0.0"})",
       at +
           R"(address: is "0.0.0.0", beyond loopback, where what passes can be read and changed on the way; use )"
           R"(127.0.0.1, or "transport": "tls" with a certificate, or say "insecure": true if the network is trusted)"},
      {R"({"transport": "tls"})",
       at + "tls.cert_file: is missing; TLS needs a certificate and its key, two PEM files\n" + at +
           "tls.key_file: is missing; TLS needs a certificate and its key, two PEM files"},
      {R"({"transport": "wss", "tls": {"cert_file": "c"}})",
       at + "tls.key_file: is missing; TLS needs a certificate and its key, two PEM files"},
      {"{" + kTls + "}",
       at + R"(tls: has no meaning here; set "transport" to "tls" or "wss", or leave it out)"},
      {R"({"transport": "tls", "tls": {"cert_file": "c", "key_file": "k", "require_client_certificate": true}})",
       at +
           "tls.client_ca_file: is missing; it names who may sign the client certificates that are required"},
      {R"({"transport": "unix"})", at + "path: is missing; name the file that clients connect to"},
      {R"({"transport": "unix", "path": "s", "port": 1884})",
       at + "port: has no meaning for a Unix socket, which has a path; leave it out"},
      {R"({"transport": "unix", "path": "s", "address": "::1"})",
       at + "address: has no meaning for a Unix socket, which has a path; leave it out"},
      {R"({"path": "/run/s"})",
       at + R"(path: is for Unix sockets; set "transport" to "unix", or leave it out)"},
      {R"({"transport": "ws", "path": "/x"})",
       at +
           R"(path: is for Unix sockets; set "transport" to "unix", or leave it out; a WebSocket's path is ws_path)"},
      {R"({"ws_path": "/x"})",
       at + R"(ws_path: is for WebSockets; set "transport" to "ws" or "wss", or leave it out)"},
      {R"({"transport": "ws", "ws_path": "mqtt"})",
       at +
           R"(ws_path: is "mqtt"; allowed: a path that begins with /, or a list of 1 to 16 of them, without query)"},
      {R"({"transport": "ws", "ws_path": []})",
       at +
           R"(ws_path: is a list; allowed: a path that begins with /, or a list of 1 to 16 of them, without query)"},
      {R"({"transport": "ws", "ws_origin": "panel.example"})",
       at +
           R"(ws_origin: is "panel.example"; allowed: a list of up to 64 origins such as "https://panel.example", )"
           "without path"},
      {R"({"transport": "mqtts"})",
       at + R"(transport: is "mqtts"; allowed: "tcp", "tls", "ws", "wss" or "unix")"},
      {R"({"anonymous": "yes"})", at + R"(anonymous: is "yes"; allowed: "loopback", true or false)"},
      {R"({"mode": "rw"})",
       at + R"(mode: is "rw"; allowed: three octal digits, as chmod takes them: "0660")"},
      {R"({}, {"port": 1883})",
       "hub.json: listeners[1]: has the address and port of listeners[0]; keep one of them"},
      {R"({"transport": "unix", "path": "s"}, {"transport": "unix", "path": "s"})",
       "hub.json: listeners[1]: has the path of listeners[0]; keep one of them"},
  };
  for (const auto& [listeners, expected] : table)
    EXPECT_EQ(error_of_listeners(listeners), expected) << listeners;
}

TEST(ListenerConfig, UnixSocketMayStandBesideAPort) {
  EXPECT_EQ(
      error_of_listeners(R"({}, {"transport": "unix", "path": "s"}, {"transport": "unix", "path": "t"})"),
      "no error");
}

}  // namespace
}  // namespace headgate::hub
