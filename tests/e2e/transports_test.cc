// Each way in, with clients that were not written here; certificates; and what a door does with who does not
// know how to knock.
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using Words = std::vector<std::string>;

class Transports : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    const nlohmann::json tls = {{"cert_file", certificates_.file("hub.pem")},
                                {"key_file", certificates_.file("hub.key")},
                                {"client_ca_file", certificates_.file("ca.pem")}};
    nlohmann::json demanding = tls;
    demanding["require_client_certificate"] = true;
    config["listeners"] += {{"transport", "tls"}, {"port", tls_}, {"tls", tls}};
    config["listeners"] += {{"transport", "tls"}, {"port", mutual_}, {"tls", demanding}};
    config["listeners"] += {{"transport", "ws"}, {"port", ws_}, {"ws_path", {"/mqtt", "/$iothub/websocket"}}};
    config["listeners"] += {{"transport", "wss"}, {"port", wss_}, {"tls", tls}};
    config["listeners"] += {{"transport", "unix"}, {"path", socket()}, {"mode", "0600"}};
    config["limits"] = {{"connect_timeout_s", 2}};
    // Anonymous clients, and the one that its certificate names.
    const nlohmann::json everything = {{"allow", {"publish", "subscribe", "receive"}}, {"topics", {"#"}}};
    config["access"]["rules"] = nlohmann::json::array({everything, everything});
    config["access"]["rules"][0]["who"] = {{"anonymous", true}};
    config["access"]["rules"][1]["who"] = {{"users", {"panel-7"}}};
  }

  [[nodiscard]] std::string socket() const { return (scratch_.path() / "mqtt.sock").string(); }
  [[nodiscard]] std::string authority() const { return certificates_.file("ca.pem"); }
  [[nodiscard]] Words with_certificate(const std::string& name) const {
    return {"--cert", certificates_.file(name + ".pem"), "--key", certificates_.file(name + ".key")};
  }

  // `mosquitto_sub` and `mosquitto_pub` with the same words: what the first prints.
  [[nodiscard]] std::string round_trip(const Words& how, const std::string& payload) const {
    Words sub{"stdbuf", "-oL", "mosquitto_sub", "-d", "-t", "echo/#", "-q", "1", "-C", "1", "-W",
              "15",     "-F",  "got=%p"};
    sub.insert(sub.end(), how.begin(), how.end());
    Process subscriber(sub, scratch_.path() / ("sub-" + payload));  // no old output to be taken for new
    EXPECT_TRUE(eventually([&] { return subscriber.output().find("Subscribed") != std::string::npos; }))
        << subscriber.output();
    EXPECT_EQ(publish(how, payload), 0);
    EXPECT_EQ(subscriber.wait(), 0) << subscriber.output();
    return subscriber.output();
  }
  [[nodiscard]] static int publish(const Words& how, const std::string& payload) {
    Words pub{"mosquitto_pub", "-t", "echo/1", "-q", "1", "-m", payload};
    pub.insert(pub.end(), how.begin(), how.end());
    return run(pub).exit_code;
  }
  [[nodiscard]] static Words at(uint16_t port) { return {"-h", "localhost", "-p", std::to_string(port)}; }
  [[nodiscard]] Words over_tls(uint16_t port, const Words& more = {}) const {
    Words how = at(port);
    how.insert(how.end(), {"--cafile", authority()});
    how.insert(how.end(), more.begin(), more.end());
    return how;
  }
  [[nodiscard]] Finished paho(const Words& words) const {
    Words all{"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/paho_round_trip.py"};
    all.insert(all.end(), words.begin(), words.end());
    return run(all);
  }
  // What `openssl s_client` makes of a listener.
  [[nodiscard]] std::string s_client(uint16_t port, const Words& more) const {
    Words all{"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(port), "-CAfile", authority()};
    all.insert(all.end(), more.begin(), more.end());
    return run(all).out;
  }
  // TLS clients that all come at once, and leave when all are in.
  [[nodiscard]] Words crowd_of(size_t clients) const {
    const std::string count = std::to_string(clients);
    return {program("headgate"),
            "bench",
            "conns",
            "--insecure",
            "-p",
            std::to_string(tls_),
            "-c",
            count,
            "-d",
            "0.1",
            "--at-once",
            count,
            "--connect-timeout",
            "60"};
  }
  [[nodiscard]] bool log_says(const std::string& text) const { return hub_.logs(text); }

  ScratchDir scratch_;
  Certificates certificates_;
  uint16_t tls_ = free_port();
  uint16_t mutual_ = free_port();
  uint16_t ws_ = free_port();
  uint16_t wss_ = free_port();
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// ---- TLS ----

TEST_F(Transports, MosquittoClientsComeByTls) {
  for (const char* version : {"tlsv1.2", "tlsv1.3"}) {
    EXPECT_TRUE(
        has(round_trip(over_tls(tls_, {"--tls-version", version}), version), "got=" + std::string(version)));
  }
}

TEST_F(Transports, PahoComesByTls) {
  const Finished paho = this->paho({std::to_string(tls_), "5", "1", "tcp", authority()});
  EXPECT_EQ(paho.exit_code, 0) << paho.out;
}

TEST_F(Transports, ClientThatTrustsAnotherAuthorityDoesNotComeIn) {
  Words how = at(tls_);
  how.insert(how.end(), {"--cafile", certificates_.file("other.pem")});
  EXPECT_NE(publish(how, "no"), 0);
}

TEST_F(Transports, ClientCertificateIsDemandedWhereTheConfigSaysSo) {
  EXPECT_TRUE(has(round_trip(over_tls(mutual_, with_certificate("client")), "mutual"), "got=mutual"));
  EXPECT_NE(publish(over_tls(mutual_), "no certificate"), 0);
  EXPECT_NE(publish(over_tls(mutual_, with_certificate("stranger")), "wrong authority"), 0);
  EXPECT_TRUE(log_says("tls_handshake_failed"));
}

TEST_F(Transports, ClientCertificateIsOptionalElsewhereButNotAWrongOne) {
  EXPECT_EQ(publish(over_tls(tls_, with_certificate("client")), "mine"), 0);
  EXPECT_NE(publish(over_tls(tls_, with_certificate("stranger")), "wrong authority"), 0);
}

TEST_F(Transports, ClientCertificateSaysWhoTheClientIs) {
  Words sub{"mosquitto_sub", "-i", "panel", "-t", "echo/#", "-W", "15"};
  const Words how = over_tls(mutual_, with_certificate("client"));
  sub.insert(sub.end(), how.begin(), how.end());
  Process panel(sub, scratch_.path() / "panel");
  EXPECT_TRUE(eventually([&] {
    const nlohmann::json clients = hub_.cli_json({"client", "ls"}).at("clients");
    return clients.size() == 1 && clients[0].at("username") == "panel-7";
  })) << hub_.cli({"client", "ls"}).out;
}

TEST_F(Transports, TlsChoosesAlpnMqttAndAModernCipher) {
  const std::string mqtt = s_client(tls_, {"-alpn", "http/1.1,mqtt", "-tls1_2"});
  EXPECT_TRUE(has(mqtt, "ALPN protocol: mqtt")) << mqtt;
  EXPECT_TRUE(has(mqtt, "ECDHE-")) << mqtt;
  EXPECT_TRUE(has(s_client(tls_, {"-alpn", "h2"}), "No ALPN negotiated"));
  EXPECT_TRUE(has(s_client(wss_, {"-alpn", "mqtt,http/1.1"}), "ALPN protocol: http/1.1"));
  EXPECT_TRUE(has(s_client(tls_, {"-tls1_1", "-cipher", "ALL@SECLEVEL=0"}), "(NONE)"));
}

TEST_F(Transports, NewCertificatesComeWithAReloadAndNobodyIsDisconnected) {
  Process alive(Words{"stdbuf", "-oL", "mosquitto_sub", "-d", "-h", "localhost", "-p", std::to_string(tls_),
                      "--cafile", authority(), "-t", "alive", "-C", "1", "-F", "got=%p"},
                scratch_.path() / "alive");
  ASSERT_TRUE(eventually([&] { return has(alive.output(), "Subscribed"); }));
  const std::string before = certificates_.hub_serial();
  certificates_.renew_hub();
  ASSERT_NE(certificates_.hub_serial(), before);
  hub_.reload();
  ASSERT_TRUE(log_says("certificate_loaded"));
  const std::string pem = scratch_.write("shown", s_client(tls_, {})).string();
  EXPECT_TRUE(has(run({"openssl", "x509", "-noout", "-serial", "-in", pem}).out, certificates_.hub_serial()));
  ASSERT_TRUE(client()->publish_and_wait("alive", "still here", 1));
  EXPECT_EQ(alive.wait(), 0);
  EXPECT_TRUE(has(alive.output(), "got=still here"));
}

TEST_F(Transports, BadCertificateLeavesTheOldOneInForce) {
  certificates_.spoil_hub();
  hub_.reload();
  ASSERT_TRUE(log_says("certificate_kept"));
  EXPECT_TRUE(hub_.logs("holds no certificate in PEM"));
  EXPECT_EQ(publish(over_tls(tls_), "as before"), 0);
}

TEST_F(Transports, AnExpiredCertificateNeverReplacesAGoodOne) {
  const std::string before = certificates_.hub_serial();
  certificates_.expire_hub();
  const Finished reloaded = hub_.cli({"reload"});
  EXPECT_EQ(reloaded.exit_code, 1);
  EXPECT_TRUE(has(reloaded.out, "kept: the certificate in force stays: listener tls")) << reloaded.out;
  EXPECT_TRUE(has(reloaded.out, "the certificate expired on")) << reloaded.out;
  const std::string pem = scratch_.write("shown", s_client(tls_, {})).string();
  EXPECT_TRUE(has(run({"openssl", "x509", "-noout", "-serial", "-in", pem}).out, before));
  EXPECT_EQ(publish(over_tls(tls_), "as before"), 0);
  certificates_.renew_hub();
  EXPECT_TRUE(has(hub_.cli({"reload"}).out, "took: certificates of tls"));
}

TEST_F(Transports, HalfAHandshakeIsTimedOut) {
  RawSocket silent(tls_);
  RawSocket half(wss_);
  half.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_TRUE(silent.is_closed_by_peer(8s));
  EXPECT_TRUE(half.is_closed_by_peer(8s));
}

TEST_F(Transports, PlainMqttOnATlsPortAndTlsOnAPlainPortAreClosed) {
  RawSocket plain(tls_);
  plain.send(std::string("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01m", 15));
  EXPECT_TRUE(plain.is_closed_by_peer(8s));
  EXPECT_TRUE(log_says("wrong version number"));
  EXPECT_NE(publish(over_tls(hub_.port()), "no"), 0);
  EXPECT_TRUE(client()->publish_and_wait("still/here", "x", 1));
}

// Handshakes run below everything else, so on a busy machine a crowd takes its time.
class PatientTransports : public Transports {
 protected:
  void configure(nlohmann::json& config) override {
    Transports::configure(config);
    config["limits"]["connect_timeout_s"] = 60;
  }
};

TEST_F(PatientTransports, CrowdComesByTlsWhileCertificatesAreRenewed) {
  Process crowd(crowd_of(300), scratch_.path() / "crowd");
  for (int i = 0; i < 5; ++i) {
    certificates_.renew_hub();
    hub_.reload();
  }
  EXPECT_EQ(crowd.wait(), 0) << crowd.output();
}

TEST_F(PatientTransports, HubStopsInTheMidstOfACrowd) {
  Process crowd(crowd_of(2000), scratch_.path() / "crowd");
  ASSERT_TRUE(eventually([this] { return hub_.cli_json({"status"})["connections"] > 10; }));
  hub_.terminate();
  EXPECT_EQ(hub_.wait(), 0);
  EXPECT_TRUE(hub_.logs("stopped"));
  EXPECT_EQ(crowd.wait(), 1);
}

// ---- Unix socket ----

TEST_F(Transports, MosquittoClientsComeByAUnixSocket) {
  EXPECT_TRUE(has(round_trip({"--unix", socket()}, "local"), "got=local"));
  EXPECT_EQ(std::filesystem::status(socket()).permissions(), std::filesystem::perms(0600));
}

TEST_F(Transports, UnixSocketOfAKilledHubIsTakenOver) {
  restart_hard();  // waits for the first listener; this one comes a moment later
  EXPECT_TRUE(eventually([this] { return publish({"--unix", socket()}, "again") == 0; }));
  hub_.terminate();
  EXPECT_EQ(hub_.wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

// ---- WebSocket ----

TEST_F(Transports, PahoComesByWebSocketAndSecureWebSocket) {
  for (const char* protocol : {"4", "5"}) {
    for (const char* qos : {"0", "2"}) {
      const Finished ws = paho({std::to_string(ws_), protocol, qos, "websockets"});
      EXPECT_EQ(ws.exit_code, 0) << ws.out;
    }
  }
  const Finished wss = paho({std::to_string(wss_), "5", "1", "websockets", authority()});
  EXPECT_EQ(wss.exit_code, 0) << wss.out;
}

TEST_F(Transports, MqttJsComesByEachOfThem) {
  const std::string js = HEADGATE_E2E_BUILD_DIR "/mqttjs";
  const Finished ready =
      run({"sh", "-c",
           "command -v node npm >/dev/null || { echo there is no node or npm here; exit 1; }\n"
           "mkdir -p " +
               js + " && cp " HEADGATE_E2E_SOURCE_DIR "/mqttjs/* " + js + " && cd " + js +
               " && { test -d node_modules/mqtt || npm ci --ignore-scripts --no-audit --no-fund "
               "--fetch-retries 1; }"},
          120s);
  if (ready.exit_code != 0) GTEST_SKIP() << "MQTT.js cannot be installed: " << ready.out;
  const Words urls{"mqtt://127.0.0.1:" + std::to_string(hub_.port()),
                   "mqtts://localhost:" + std::to_string(tls_),
                   "ws://127.0.0.1:" + std::to_string(ws_) + "/$iothub/websocket?x=1",
                   "wss://localhost:" + std::to_string(wss_) + "/mqtt"};
  for (const std::string& url : urls) {
    for (const char* protocol : {"4", "5"}) {
      const Finished node = run({"node", js + "/round_trip.js", url, protocol, "1", authority()}, 40s);
      EXPECT_EQ(node.exit_code, 0) << node.out;
    }
  }
}

// A client of RFC 6455 that cuts its frames as a test says.
class WebSocketClient : public RawSocket {
 public:
  explicit WebSocketClient(uint16_t port, const std::string& path = "/mqtt",
                           const std::string& protocol = "mqtt")
      : RawSocket(port) {
    send("GET " + path +
         " HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         (protocol.empty() ? "" : "Sec-WebSocket-Protocol: " + protocol + "\r\n") + "\r\n");
  }
  [[nodiscard]] bool is_answered_with(const std::string& text) {
    while (received().find(text) == std::string::npos) {
      if (!receive(received().size() + 1, 5s)) return false;
    }
    return true;
  }
  // A whole message of up to 125 bytes; the mask is zero, which masks nothing.
  void frame(char opcode, const std::string& payload) {
    send(std::string{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0} +
         payload);
  }
  static constexpr char kText = 1;
  static constexpr char kBinary = 2;
};

const std::string kConnect("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01w", 15);
const std::string kConnack("\x20\x02\x00\x00", 4);

TEST_F(Transports, WebSocketMayCutThePacketsAnywhere) {
  WebSocketClient one_by_one(ws_);
  ASSERT_TRUE(one_by_one.is_answered_with("Sec-WebSocket-Protocol: mqtt"));
  for (const char byte : kConnect) one_by_one.frame(WebSocketClient::kBinary, std::string(1, byte));
  EXPECT_TRUE(one_by_one.is_answered_with(kConnack));
  WebSocketClient at_once(ws_, "/$iothub/websocket?a=b", "mqttv3.1");
  ASSERT_TRUE(at_once.is_answered_with("Sec-WebSocket-Protocol: mqttv3.1"));
  at_once.frame(WebSocketClient::kBinary, kConnect + std::string("\xc0\x00", 2));
  EXPECT_TRUE(at_once.is_answered_with(kConnack));
  EXPECT_TRUE(at_once.is_answered_with(std::string("\xd0\x00", 2))) << "PINGRESP";
}

TEST_F(Transports, WebSocketTextMessageIsClosedWith1003) {
  WebSocketClient text(ws_);
  ASSERT_TRUE(text.is_answered_with("101"));
  text.frame(WebSocketClient::kText, "hello");
  EXPECT_TRUE(text.is_answered_with(std::string("\x88\x02\x03\xeb", 4))) << "[MQTT-6.0.0-1]";
  EXPECT_TRUE(text.is_closed_by_peer(8s));
}

TEST_F(Transports, WebSocketMessageBeyondTheLimitIsClosedWith1009) {
  WebSocketClient large(ws_);
  ASSERT_TRUE(large.is_answered_with("101"));
  large.send(std::string("\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00", 14));
  EXPECT_TRUE(large.is_answered_with(std::string("\x88\x02\x03\xf1", 4)));
  EXPECT_TRUE(large.is_closed_by_peer(8s));
}

TEST_F(Transports, WebSocketThatIsNoneIsToldWhy) {
  EXPECT_TRUE(WebSocketClient(ws_, "/chat").is_answered_with("404"));
  EXPECT_TRUE(WebSocketClient(ws_, "/mqtt", "").is_answered_with("must offer the subprotocol mqtt"));
  EXPECT_TRUE(WebSocketClient(ws_, "/mqtt", "amqp").is_answered_with("400"));
  RawSocket browser(ws_);
  browser.send("GET /mqtt HTTP/1.1\r\nHost: hub\r\n\r\n");
  EXPECT_TRUE(browser.is_closed_by_peer(8s));
  EXPECT_TRUE(has(browser.received(), "426 Upgrade Required")) << browser.received();
  RawSocket mqtt(ws_);
  mqtt.send(kConnect);
  EXPECT_TRUE(mqtt.is_closed_by_peer(8s));
}

TEST_F(Transports, WebSocketClientGetsTheReasonAndACloseFrame) {
  WebSocketClient five(ws_);
  ASSERT_TRUE(five.is_answered_with("101"));
  five.frame(WebSocketClient::kBinary, std::string("\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01w", 16));
  ASSERT_TRUE(five.is_answered_with("\x20"));
  five.frame(WebSocketClient::kBinary, std::string("\x36\x05\x00\x01"
                                                   "a\x00\x01",
                                                   7));  // QoS 3
  EXPECT_TRUE(five.is_answered_with(std::string("\xe0\x01\x81", 3)) ||
              five.is_answered_with(std::string("\xe0\x02\x81", 3)));
  EXPECT_TRUE(five.is_answered_with(std::string("\x88\x02\x03\xf0", 4))) << "1008, policy";
}

// ---- limits ----

class CrowdedListener : public HubTest {
 protected:
  void configure(nlohmann::json& config) override { config["listeners"][0]["connections_max"] = 2; }
};

TEST_F(CrowdedListener, RefusesTheNextConnectionAndSaysWhy) {
  auto one = client();
  auto two = client();
  EXPECT_TRUE(RawSocket(hub_.port()).is_closed_by_peer(5s));
  EXPECT_TRUE(eventually([&] { return has(hub_.log(), "listeners[].connections_max"); })) << hub_.log();
  EXPECT_EQ(hub_.cli_json({"status"}).at("clients").at("refused").at("listener_full"), 1);
  two->disconnect();
  EXPECT_TRUE(eventually([&] { return MqttClient(hub_.port(), {}).is_connected(); }));
}

// ---- users of a listener ----

class ListenerWithUsers : public Transports {
 protected:
  void configure(nlohmann::json& config) override {
    Transports::configure(config);
    for (const char* name : {"panels", "all"}) {
      scratch_.write(name, "");
      EXPECT_EQ(run({"mosquitto_passwd", "-b", file(name), "panel-7", "of " + std::string(name)}).exit_code,
                0);
    }
    config["auth"]["password_file"] = file("all");
    config["listeners"][1]["password_file"] = file("panels");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] static Words as(Words how, const std::string& password) {
    how.insert(how.end(), {"-u", "panel-7", "-P", password});
    return how;
  }
};

TEST_F(ListenerWithUsers, LetsInThoseAndNoOthers) {
  EXPECT_EQ(publish(as(over_tls(tls_), "of panels"), "1"), 0);
  EXPECT_NE(publish(as(over_tls(tls_), "of all"), "2"), 0);
  EXPECT_EQ(publish(as(at(hub_.port()), "of all"), "3"), 0);
  EXPECT_NE(publish(as(at(hub_.port()), "of panels"), "4"), 0);
}

// ---- rights ----

TEST(Rights, AreGivenUpForTheUserOfTheConfig) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  HubProcess hub;
  hub.config["user"] = "no-such-user";
  hub.launch();
  EXPECT_EQ(hub.wait(), 1);
  EXPECT_TRUE(hub.logs("is not a user of this machine")) << hub.log();
  hub.config["user"] = "nobody";
  hub.launch();
  EXPECT_EQ(hub.wait(), 1) << "the data directory's parent is root's";
  EXPECT_TRUE(hub.logs("Permission denied")) << hub.log();
}

TEST(Rights, AreThoseOfTheUserFromThenOn) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  const passwd* nobody = ::getpwnam("nobody");
  std::string dir = "/tmp/headgate-rights-XXXXXX";  // where nobody may go, whoever owns the build folder
  ASSERT_NE(::mkdtemp(dir.data()), nullptr);
  ASSERT_EQ(::chown(dir.c_str(), nobody->pw_uid, nobody->pw_gid), 0);
  HubProcess hub;
  hub.config["user"] = "nobody";
  hub.config["data_dir"] = dir + "/data";
  hub.start();
  std::ifstream status("/proc/" + std::to_string(hub.pid()) + "/status");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  const std::string id = std::to_string(nobody->pw_uid);
  EXPECT_TRUE(has(text, "Uid:\t" + id + "\t" + id + "\t" + id + "\t" + id)) << text;
  EXPECT_TRUE(has(text, "CapEff:\t0000000000000000")) << text;
  EXPECT_TRUE(has(text, "NoNewPrivs:\t1")) << text;
  EXPECT_TRUE(MqttClient(hub.port(), {}).is_connected());
  hub.terminate();
  EXPECT_EQ(hub.wait(), 0) << hub.log();
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace headgate::e2e
