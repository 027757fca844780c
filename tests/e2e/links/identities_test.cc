// Messages that go up under the identity of those who have sent them: over connections of their own, with their keys.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kWrongKey = "d3Jvbmcta2V5LW9mLTMyLWJ5dGVzLWZvci10ZXN0cyE=";

const std::map<std::string, std::string>& keys() {
  static const std::map<std::string, std::string> kKeys = {
      {"edge-1", "Z2F0ZXdheS1rZXktb2YtMzItYnl0ZXMtZm9yLXRlc3Q="},
      {"edge-1/sensor", "c2Vuc29yLXByaW1hcnkta2V5LTAxMjM0NTY3ODlhYmM="},
      {"leaf-1", "bGVhZi1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWJjZGU="},
      {"leaf-2", "bGVhZi10d28tcHJpbWFyeS1rZXktMDEyMzQ1Njc4OWE="}};
  return kKeys;
}

void write_registry(const ScratchDir& dir, std::map<std::string, std::string> registered) {
  nlohmann::json identities = nlohmann::json::array();
  for (const auto& [id, key] : registered) identities += {{"id", id}, {"primary_key", key}};
  dir.write("identities.json", nlohmann::json{{"identities", identities}}.dump());
}

// A gateway whose registered modules and devices come by the dialect, and whose link goes to a cloud on `cloud_port()`.
class UnderIdentities : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    auto registered = keys();
    registered.erase("edge-1");
    write_registry(scratch_, registered);
    scratch_.write("gateway.key", keys().at("edge-1") + "\n");
    config["iot_edge"] = {{"hub_host_name", "localhost"},
                          {"device_id", "edge-1"},
                          {"identities_file", (scratch_.path() / "identities.json").string()}};
    config["listeners"] += {
        {"transport", "tls"},
        {"port", door_},
        {"dialect", "iot-edge"},
        {"tls", {{"cert_file", certificates_.file("hub.pem")}, {"key_file", certificates_.file("hub.key")}}}};
    config["routes"] = {{"devices", "FROM /messages/* INTO $upstream"},
                        {"plain", "FROM 'plant/#' INTO $upstream"}};
    config["upstream"] = {{"mode", "passthrough"}, {"backoff", {{"base_ms", 100}, {"cap_ms", 1000}}}};
    config["links"]["cloud"] = {{"preset", "azure-iot-hub"},
                                {"as", "identity"},
                                {"host", "localhost"},
                                {"port", cloud_port()},
                                {"device", "edge-1"},
                                {"sas_key_file", (scratch_.path() / "gateway.key").string()},
                                {"tls", {{"ca_file", certificates_.file("ca.pem")}}}};
  }
  virtual uint16_t cloud_port() const = 0;

  void send_as(const std::string& id, int first, int count, const std::string& bag = "") const {
    const Finished sent = run({"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/edge/edge_publisher.py",
                               std::to_string(door_), certificates_.file("ca.pem"), "localhost", id,
                               keys().at(id), std::to_string(first), std::to_string(count), bag},
                              60s);
    EXPECT_EQ(sent.exit_code, 0) << sent.out;
  }
  [[nodiscard]] static uint64_t waiting(HubProcess& hub) {
    const nlohmann::json known = hub.cli_json({"queue", "ls"});
    for (const auto& queue : known["queues"])
      if (queue["name"] == "$upstream") return queue["waiting"];
    return 0;
  }

  ScratchDir scratch_;
  Certificates certificates_;
  uint16_t door_ = free_port();
};

// --- A broker that admits to each user its own topic, and nothing else

class WhereEachUserHasItsTopic : public UnderIdentities {
 protected:
  void SetUp() override {
    std::ofstream(cloud_.file("acl"))
        << "user reader\ntopic read #\n"
           "user edge-1/sensor\ntopic write devices/edge-1/modules/sensor/messages/events/#\n"
           "pattern write devices/%u/messages/events/#\n";
    cloud_.set_access("allow_anonymous true\nacl_file $dir/acl\ncafile " + certificates_.file("ca.pem") +
                      "\ncertfile " + certificates_.file("hub.pem") + "\nkeyfile " +
                      certificates_.file("hub.key") + "\nlistener " + std::to_string(plain_port_) +
                      " 127.0.0.1\n");
    cloud_.start();
    ASSERT_TRUE(eventually([this] { return accepts(plain_port_); }));
    reader_ = std::make_unique<MqttClient>(plain_port_, ClientOptions{.id = "reader", .username = "reader"});
    ASSERT_EQ(reader_->subscribe("#", 1), 1);
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    UnderIdentities::configure(config);
    config["links"]["cloud"]["username"] = "{identity}";
  }
  uint16_t cloud_port() const override { return cloud_.port(); }

  // By topics, without their bags.
  [[nodiscard]] std::map<std::string, std::vector<std::string>> arrived() const {
    std::map<std::string, std::vector<std::string>> bodies;
    for (const Received& one : reader_->received())
      bodies[one.topic.substr(0, one.topic.rfind('/'))].push_back(one.payload);
    return bodies;
  }

  MosquittoBroker cloud_;
  uint16_t plain_port_ = free_port();
  std::unique_ptr<MqttClient> reader_;
};

TEST_F(WhereEachUserHasItsTopic, EachMessageComesOverTheConnectionOfItsIdentity) {
  MqttClient forger(plain_port_, {.id = "forger", .protocol = Protocol::v311, .username = "leaf-1"});
  ASSERT_TRUE(forger.publish_and_wait("devices/leaf-2/messages/events/", "forged", 1));
  send_as("leaf-1", 0, 3, "%24.ct=application%2Fjson&%24.mid=m%201&level=hot");
  send_as("leaf-2", 0, 3);
  send_as("edge-1/sensor", 0, 3);
  ASSERT_TRUE(client({.id = "plc"})->publish_and_wait("plant/x", "plain", 1));
  ASSERT_TRUE(reader_->wait_received(10)) << hub_.log();
  EXPECT_EQ(arrived(), (std::map<std::string, std::vector<std::string>>{
                           {"devices/leaf-1/messages/events", {"leaf-1-0", "leaf-1-1", "leaf-1-2"}},
                           {"devices/leaf-2/messages/events", {"leaf-2-0", "leaf-2-1", "leaf-2-2"}},
                           {"devices/edge-1/modules/sensor/messages/events",
                            {"edge-1/sensor-0", "edge-1/sensor-1", "edge-1/sensor-2"}},
                           {"devices/edge-1/messages/events", {"plain"}}}));
  const auto all = reader_->received();
  EXPECT_TRUE(std::ranges::any_of(all, [](const Received& one) {
    return one.topic == "devices/leaf-1/messages/events/%24.ct=application%2Fjson&%24.mid=m%201&level=hot";
  })) << all[0].topic;
  EXPECT_TRUE(std::ranges::any_of(all, [](const Received& one) {
    return one.topic == "devices/edge-1/messages/events/originDevice=plc&originTopic=plant%2Fx";
  }));
  EXPECT_TRUE(eventually([this] { return waiting(hub_) == 0; }));
  const nlohmann::json link = hub_.cli_json({"upstream", "status"})["links"][0];
  EXPECT_EQ(link["identities"]["open"], 3) << link;
  for (const auto& [id, key] : keys()) EXPECT_THAT(hub_.log(), Not(HasSubstr(key)));
}

class WithPlaceForOne : public WhereEachUserHasItsTopic {
 protected:
  void configure(nlohmann::json& config) override {
    WhereEachUserHasItsTopic::configure(config);
    config["links"]["cloud"]["identities_max"] = 1;
  }
};

TEST_F(WithPlaceForOne, IdentitiesTakeTurnsAndSaySo) {
  send_as("leaf-1", 0, 20);
  send_as("leaf-2", 0, 20);
  ASSERT_TRUE(reader_->wait_received(40, 30s)) << hub_.log();
  EXPECT_THAT(arrived()["devices/leaf-1/messages/events"], SizeIs(20));
  EXPECT_THAT(arrived()["devices/leaf-2/messages/events"], SizeIs(20));
  EXPECT_THAT(hub_.log(),
              HasSubstr("upstream_identity_let_go link=cloud identity=leaf-1 reason=\"another one waits"));
  EXPECT_EQ(hub_.cli_json({"upstream", "status"})["links"][0]["identities"]["rotated"], 1);
}

class AllUnderTheGateway : public WhereEachUserHasItsTopic {
 protected:
  void configure(nlohmann::json& config) override {
    WhereEachUserHasItsTopic::configure(config);
    config["links"]["cloud"]["as"] = "hub";
  }
};

TEST_F(AllUnderTheGateway, MessagesNameTheirOriginInTheirProperties) {
  send_as("leaf-1", 0, 1, "%24.cid=c%2F1&level=hot");
  ASSERT_TRUE(reader_->wait_received(1)) << hub_.log();
  EXPECT_EQ(reader_->received()[0].topic,
            "devices/edge-1/messages/events/%24.cid=c%2F1&level=hot&originDevice=leaf-1"
            "&originTopic=devices%2Fleaf-1%2Fmessages%2Fevents");
  EXPECT_EQ(reader_->received()[0].payload, "leaf-1-0");
}

// --- A cloud that knows each identity by its key: another hub

class WhereKeysAreChecked : public UnderIdentities {
 protected:
  void SetUp() override {
    register_at_cloud(keys());
    cloud_.config["hub_id"] = "cloud";
    cloud_.config["iot_edge"] = {{"hub_host_name", "localhost"},
                                 {"device_id", "cloud"},
                                 {"identities_file", (cloud_dir_.path() / "identities.json").string()}};
    cloud_.config["routes"] = {{"keep", "FROM /messages/* INTO $upstream"}};
    cloud_.config["listeners"] += {
        {"transport", "tls"},
        {"port", cloud_door_},
        {"dialect", "iot-edge"},
        {"tls", {{"cert_file", certificates_.file("hub.pem")}, {"key_file", certificates_.file("hub.key")}}}};
    cloud_.start();
    reader_ = std::make_unique<MqttClient>(cloud_.port(), ClientOptions{.id = "reader"});
    ASSERT_EQ(reader_->subscribe("devices/#", 1), 1);
    HubTest::SetUp();
  }
  uint16_t cloud_port() const override { return cloud_door_; }
  void register_at_cloud(const std::map<std::string, std::string>& known) const {
    write_registry(cloud_dir_, known);
  }

  // Bodies of a topic, each once, in the order in which they came first.
  [[nodiscard]] std::vector<std::string> came(const std::string& topic) const {
    std::vector<std::string> bodies;
    for (const Received& one : reader_->received())
      if (one.topic == topic && std::ranges::find(bodies, one.payload) == bodies.end())
        bodies.push_back(one.payload);
    return bodies;
  }
  [[nodiscard]] static std::vector<std::string> numbered(const std::string& id, int count) {
    std::vector<std::string> bodies;
    for (int n = 0; n < count; ++n) bodies.push_back(id + "-" + std::to_string(n));
    return bodies;
  }

  ScratchDir cloud_dir_;
  HubProcess cloud_;
  uint16_t cloud_door_ = free_port();
  std::unique_ptr<MqttClient> reader_;
};

TEST_F(WhereKeysAreChecked, OneThatIsRefusedHoldsNobodyUpAndLosesNothing) {
  auto known = keys();
  known["leaf-2"] = kWrongKey;
  register_at_cloud(known);
  cloud_.reload();
  for (int part = 0; part < 3; ++part) {
    send_as("leaf-2", part * 50, 50);
    send_as("leaf-1", part * 50, 50);
    send_as("edge-1/sensor", part * 50, 50);
  }
  EXPECT_TRUE(eventually([this] {
    return came("devices/leaf-1/messages/events").size() == 150 &&
           came("devices/edge-1/modules/sensor/messages/events").size() == 150;
  })) << hub_.log();
  EXPECT_THAT(came("devices/leaf-2/messages/events"), SizeIs(0));
  EXPECT_TRUE(eventually([this] { return waiting(hub_) == 150; })) << waiting(hub_);
  EXPECT_THAT(hub_.log(), HasSubstr("upstream_identity_refused link=cloud identity=leaf-2"));
  restart_hard();
  register_at_cloud(keys());
  cloud_.reload();
  EXPECT_TRUE(eventually([this] { return came("devices/leaf-2/messages/events").size() == 150; }))
      << hub_.log();
  EXPECT_EQ(came("devices/leaf-2/messages/events"), numbered("leaf-2", 150));
  EXPECT_EQ(came("devices/leaf-1/messages/events"), numbered("leaf-1", 150));
  EXPECT_TRUE(eventually([this] { return waiting(hub_) == 0; })) << waiting(hub_);
}

TEST_F(WhereKeysAreChecked, AllIsKeptUntilTheCloudHasIt) {
  cloud_.terminate();
  ASSERT_EQ(cloud_.wait(), 0);
  send_as("leaf-1", 0, 100);
  send_as("leaf-2", 0, 100);
  restart_hard();
  EXPECT_EQ(waiting(hub_), 200U);
  cloud_.start();
  EXPECT_TRUE(eventually([this] { return waiting(hub_) == 0; })) << hub_.log();
  EXPECT_GE(waiting(cloud_), 200U);
}

}  // namespace
}  // namespace headgate::e2e
