// Modules and devices of IoT Edge come in, and others do not: over TLS and WebSocket, by token and by certificate, with the tool's own file.
#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using EdgeWords = std::vector<std::string>;

constexpr const char* kHost = "acme-plant.azure-devices.net";

class IotEdgeIdentities : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    // The kernel of a test's machine may never have been synchronised.
    hub_.under = {"env", "LD_PRELOAD=" HEADGATE_BUILT_BIN_DIR "/libheadgate_synced_kernel.so"};
    const nlohmann::json tls = {{"cert_file", certificates_.file("hub.pem")},
                                {"key_file", certificates_.file("hub.key")}};
    config["listeners"] +=
        {{"transport", "tls"}, {"port", tls_}, {"dialect", "iot-edge"}, {"anonymous", true}, {"tls", tls}};
    config["listeners"] +=
        {{"transport", "wss"}, {"port", door_}, {"dialect", "iot-edge"}, {"anonymous", true}, {"tls", tls}};
    config["iot_edge"] = {{"hub_host_name", kHost},
                          {"device_id", "edge-1"},
                          {"gateway_names", {"localhost"}},
                          {"identities_file", file_}};
    identity({"add", "edge-1/sensor"});
    identity({"add", "leaf-1", "--primary-key-file",
              scratch_.write("key", "bGVhZi1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWJjZGU=\n")});
    identity({"add", "leaf-x", "--ca-file", certificates_.file("ca.pem"), "--cn", "panel-7"});
    identity({"add", "edge-1/$edgeHub"});
  }
  void identity(EdgeWords words) const {
    words.insert(words.begin(), {program("headgate"), "identity"});
    words.insert(words.end(), {"--file", file_});
    const Finished done = run(words);
    ASSERT_EQ(done.exit_code, 0) << done.out;
  }
  [[nodiscard]] std::string key_of(const std::string& id) const {
    const std::string text = run({program("headgate"), "identity", "connection-string", id, "--file", file_,
                                  "--hub-host-name", kHost, "--gateway", "localhost"})
                                 .out;
    const size_t at = text.find("SharedAccessKey=") + 16;
    return text.substr(at, text.find('\n') - at);
  }
  // A token as a module makes it from its connection string.
  [[nodiscard]] std::string token(const std::string& resource, const std::string& key,
                                  int64_t lives_s = 3600) const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return *upstream::sas_token(std::string(kHost) + "/devices/" + resource, key,
                                std::chrono::duration_cast<std::chrono::seconds>(now).count() + lives_s);
  }
  [[nodiscard]] EdgeWords words(uint16_t port, const EdgeWords& more) const {
    EdgeWords all{"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/edge/edge_client.py", std::to_string(port),
                  certificates_.file("ca.pem")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  [[nodiscard]] static EdgeWords as(const std::string& id, const std::string& password, EdgeWords more = {}) {
    more.insert(more.end(),
                {"--client-id", id, "--user",
                 std::string(kHost) + "/" + id + "/?api-version=2021-04-12&DeviceClientType=test"});
    if (!password.empty()) more.insert(more.end(), {"--password", password});
    return more;
  }
  [[nodiscard]] std::string by_tls(const EdgeWords& more) const { return run(words(tls_, more)).out; }
  [[nodiscard]] std::string by_wss(EdgeWords more) const {
    more.insert(more.end(), {"--transport", "wss"});
    return run(words(door_, more)).out;
  }
  [[nodiscard]] std::string by_https(EdgeWords more) const {
    more.insert(more.end(), {"--transport", "https"});
    return run(words(door_, more)).out;
  }

  ScratchDir scratch_;
  Certificates certificates_;
  std::string file_ = (scratch_.path() / "identities.json").string();
  uint16_t tls_ = free_port();
  uint16_t door_ = free_port();
};

TEST_F(IotEdgeIdentities, ComeInByTheTokenOfTheirKeyAndNobodyElseDoes) {
  const std::string good = token("edge-1/modules/sensor", key_of("edge-1/sensor"));
  for (const std::string version : {"1.2", "1.3"}) {
    EXPECT_EQ(by_tls(as("edge-1/sensor", good, {"--tls", version})), "CONNACK 00\n");
    EXPECT_EQ(by_wss(as("edge-1/sensor", good, {"--tls", version})), "CONNACK 00\n");
  }
  const EdgeWords refused[] = {
      {},
      {"--client-id", "x"},
      as("edge-1/sensor", ""),
      as("edge-1/sensor", token("edge-1/modules/sensor", key_of("leaf-1"))),
      as("edge-1/sensor", token("leaf-1", key_of("leaf-1"))),
      as("edge-1/sensor", token("edge-1/modules/sensor", key_of("edge-1/sensor"), -400)),
      as("edge-1/$edgeHub", token("edge-1/modules/$edgeHub", key_of("edge-1/$edgeHub"))),
      as("leaf-2", token("leaf-2", key_of("leaf-1"))),
  };
  for (const EdgeWords& one : refused) {
    EXPECT_EQ(by_tls(one), "CONNACK 05\n");
    EXPECT_EQ(by_wss(one), "CONNACK 05\n");
  }
}

TEST_F(IotEdgeIdentities, ComeInByTheirCertificate) {
  const auto with = [&](const std::string& name) {
    return EdgeWords{"--cert", certificates_.file(name + ".pem"), "--key", certificates_.file(name + ".key")};
  };
  const std::string fingerprint =
      run({"openssl", "x509", "-noout", "-fingerprint", "-sha1", "-in", certificates_.file("other.pem")}).out;
  const std::string hex = fingerprint.substr(fingerprint.find('=') + 1, 59);
  identity({"add", "leaf-2", "--thumbprint", hex});
  hub_.reload();
  ASSERT_TRUE(hub_.logs("reloaded"));
  for (const std::string version : {"1.2", "1.3"}) {
    const auto in = [&](EdgeWords how, const std::string& id) {
      how.insert(how.end(), {"--tls", version});
      const std::string tls = by_tls(as(id, "", how));
      EXPECT_EQ(by_wss(as(id, "", how)), tls) << id;
      return tls;
    };
    EXPECT_EQ(in(with("other"), "leaf-2"), "CONNACK 00\n") << "a self-signed one, by its thumbprint";
    EXPECT_EQ(in(with("client"), "leaf-x"), "CONNACK 00\n") << "by the authority";
    EXPECT_EQ(in(with("stranger"), "leaf-x"), "CONNACK 05\n") << "of another authority, with the name";
    EXPECT_EQ(in(with("stranger"), "leaf-2"), "CONNACK 05\n");
    EXPECT_EQ(in({}, "leaf-2"), "CONNACK 05\n") << "none";
  }
}

TEST_F(IotEdgeIdentities, AreClosedByAReloadOnceTheirKeyIsGone) {
  Process held(words(tls_, as("leaf-1", token("leaf-1", key_of("leaf-1")), {"--hold", "30"})),
               scratch_.path() / "held");
  ASSERT_TRUE(eventually([&] { return held.output().find("CONNACK 00") != std::string::npos; }))
      << held.output();
  identity({"rotate", "leaf-1", "--both"});
  hub_.reload();
  EXPECT_EQ(held.wait(), 0);
  EXPECT_THAT(held.output(), HasSubstr("closed after"));
  EXPECT_EQ(by_tls(as("leaf-1", token("leaf-1", key_of("leaf-1")))), "CONNACK 00\n") << "the new key";
}

TEST_F(IotEdgeIdentities, AreClosedWhenTheirTokenEnds) {
  Process held(words(tls_, as("leaf-1", token("leaf-1", key_of("leaf-1"), -298), {"--hold", "30"})),
               scratch_.path() / "held");
  EXPECT_EQ(held.wait(), 0);
  EXPECT_EQ(held.output(), "CONNACK 00\nclosed after\n");
}

TEST_F(IotEdgeIdentities, DoNotEndTheOwnersSessionWhereTheyAreRefused) {
  Process held(words(tls_, as("leaf-1", token("leaf-1", key_of("leaf-1")), {"--hold", "2"})),
               scratch_.path() / "held");
  ASSERT_TRUE(eventually([&] { return held.output().find("CONNACK 00") != std::string::npos; }))
      << held.output();
  EXPECT_EQ(by_wss(as("leaf-1", token("leaf-1", key_of("edge-1/sensor")))), "CONNACK 05\n");
  EXPECT_EQ(held.wait(), 0);
  EXPECT_THAT(held.output(), HasSubstr("open"));
}

TEST_F(IotEdgeIdentities, FindOneDoorForWebSocketsAndHttps) {
  EXPECT_EQ(by_wss(as("leaf-1", token("leaf-1", key_of("leaf-1")),
                      {"--path", "/any/where?iothub-no-client-cert=true"})),
            "CONNACK 00\n");
  EXPECT_EQ(by_wss({"--protocol", "soap"}), "HTTP 400\n");
  EXPECT_EQ(by_wss({"--protocol", "AMQPWSB10"}), "HTTP 400\n");
  EXPECT_TRUE(hub_.logs("TransportType.Mqtt_Tcp_Only"));
  for (const std::string path : {"/", "/v1/status", "/metrics", "/healthz", "/console", "/$iothub/websocket"})
    EXPECT_THAT(by_https({"--method", "GET", "--path", path}), HasSubstr("HTTP 404")) << path;
  const std::string nothing = "HTTP 404 {\"message\":\"there is nothing here\"}\n";
  EXPECT_EQ(by_https({"--path", "/x", "--requests", "3", "--body", "{}"}), nothing + nothing + nothing)
      << "kept alive";
  EXPECT_THAT(by_https({"--path", "/x", "--announce", "320000"}), HasSubstr("HTTP 413"));
}

TEST_F(IotEdgeIdentities, CallMethodsOverHttpsAsModulesOfTheGatewayAlone) {
  const auto call = [this](const std::string& caller, const std::string& authorization) {
    return by_https({"--path", "/twins/leaf-1/methods?api-version=2021-04-12", "--body",
                     R"({"methodName":"echo"})", "--header", "x-ms-edge-moduleId: " + caller, "--header",
                     "Authorization: " + authorization});
  };
  const std::string sensor = token("edge-1/modules/sensor", key_of("edge-1/sensor"));
  EXPECT_EQ(call("edge-1/sensor", sensor),
            "HTTP 404 {\"message\":\"'leaf-1' is not connected, or takes no methods\"}\n");
  EXPECT_THAT(call("edge-1/sensor", token("edge-1/modules/sensor", key_of("leaf-1"))), HasSubstr("HTTP 401"));
  EXPECT_THAT(call("leaf-1", token("leaf-1", key_of("leaf-1"))), HasSubstr("HTTP 401"));
  EXPECT_THAT(call("edge-1/other", sensor), HasSubstr("HTTP 401"));
}

}  // namespace
}  // namespace headgate::e2e
