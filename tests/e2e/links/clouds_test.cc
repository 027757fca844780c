// Presets of clouds against a Mosquitto that has their rules: forms of names and topics, limits, TLS.
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

constexpr const char* kKey = "c2VjcmV0LWtleS1vZi0zMi1ieXRlcy1mb3ItdGVzdHMh";

// TLS for devices, which may write to their own topics only, as much as the cloud takes; plain for who reads.
class CloudLike : public HubTest {
 protected:
  void SetUp() override {
    std::ofstream(cloud_.file("acl"))
        << "user reader\ntopic read #\npattern write " << topic_of_device() << "\n";
    cloud_.set_access("allow_anonymous true\nacl_file $dir/acl\nmessage_size_limit " +
                      std::to_string(bytes_max()) + "\ncafile " + certificates_.file("ca.pem") +
                      "\ncertfile " + certificates_.file("hub.pem") + "\nkeyfile " +
                      certificates_.file("hub.key") + "\n" + demands() + "listener " +
                      std::to_string(plain_port_) + " 127.0.0.1\n");
    cloud_.start();
    ASSERT_TRUE(eventually([this] { return accepts(plain_port_); }));
    reader_ = std::make_unique<MqttClient>(plain_port_, ClientOptions{.id = "reader", .username = "reader"});
    ASSERT_EQ(reader_->subscribe("#", 1), 1);
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["upstream"] = {
        {"batch", {{"linger_ms", 20}, {"compressed_bytes_max", "1MiB"}, {"bytes_max", "8MiB"}}}};
    config["links"]["cloud"] = {{"host", "localhost"},
                                {"port", cloud_.port()},
                                {"device", "gateway-7"},
                                {"tls", {{"ca_file", certificates_.file("ca.pem")}}}};
  }
  virtual std::string topic_of_device() const = 0;
  virtual size_t bytes_max() const = 0;
  virtual std::string demands() const { return ""; }

  Certificates certificates_;
  MosquittoBroker cloud_;
  uint16_t plain_port_ = free_port();
  std::unique_ptr<MqttClient> reader_;
};

class AzureLike : public CloudLike {
 protected:
  void configure(nlohmann::json& config) override {
    CloudLike::configure(config);
    std::ofstream(cloud_.file("device.key")) << kKey << "\n";
    config["links"]["cloud"]["preset"] = "azure-iot-hub";
    config["links"]["cloud"]["sas_key_file"] = cloud_.file("device.key");
  }
  std::string topic_of_device() const override { return "devices/%c/messages/events/#"; }
  size_t bytes_max() const override { return 262'144; }
};

TEST_F(AzureLike, TakesBatchesOnTheTopicOfTheDeviceAndSeesNoSecretInTheLog) {
  ASSERT_TRUE(client()->publish_and_wait("load/a", "1", 1));
  ASSERT_TRUE(reader_->wait_received(1)) << hub_.log();
  EXPECT_EQ(reader_->received()[0].topic,
            "devices/gateway-7/messages/events/$.ct=application%2Fvnd.headgate-batch%2Bjson&$.ce=zstd");
  const std::string said =
      hub_.log() + hub_.cli({"upstream", "status", "--json"}).out + hub_.cli({"status", "--json"}).out;
  for (const char* secret : {kKey, "SharedAccessSignature", "sig="})
    EXPECT_THAT(said, Not(HasSubstr(secret)));
}

TEST_F(AzureLike, GetsNoMessageThatIsLargerThanItTakes) {
  const auto publisher = client();
  std::string noise(150'000, ' ');
  for (char& c : noise) c = static_cast<char>('a' + std::rand() % 26);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(publisher->publish_and_wait("load/a", noise, 1));
  ASSERT_TRUE(reader_->wait_received(2)) << hub_.log();
  for (const Received& batch : reader_->received()) EXPECT_LE(batch.payload.size(), bytes_max());
  EXPECT_THAT(hub_.log(), Not(HasSubstr("upstream_down")));
}

class AwsLike : public CloudLike {
 protected:
  void configure(nlohmann::json& config) override {
    CloudLike::configure(config);
    config["upstream"]["no_subscriber"] = "deliver";
    auto& link = config["links"]["cloud"];
    link["preset"] = "aws-iot-core";
    link["alpn"] = "x-amzn-mqtt-ca";  // Mosquitto knows nothing of it and goes on without
    link["tls"]["cert_file"] = certificates_.file("client.pem");
    link["tls"]["key_file"] = certificates_.file("client.key");
  }
  std::string topic_of_device() const override { return "headgate/#"; }
  size_t bytes_max() const override { return 131'072; }
  std::string demands() const override { return "require_certificate true\n"; }
};

TEST_F(AwsLike, KnowsTheDeviceByItsCertificateAndTakesWhatFits) {
  std::string noise(100'000, ' ');
  for (char& c : noise) c = static_cast<char>('a' + std::rand() % 26);
  const auto publisher = client();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(publisher->publish_and_wait("load/a", noise, 1));
  ASSERT_TRUE(reader_->wait_received(2)) << hub_.log();
  for (const Received& batch : reader_->received()) EXPECT_LE(batch.payload.size(), bytes_max());
  EXPECT_THAT(hub_.log(), Not(HasSubstr("upstream_down")));
}

// As at AWS's port 443: who does not ask for MQTT by ALPN is not let in.
class BehindAnAlpnFront : public AwsLike {
 protected:
  void SetUp() override {
    front_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/support/alpn_front.py",
                                 std::to_string(front_port_), "x-amzn-mqtt-ca", certificates_.file("ca.pem"),
                                 certificates_.file("hub.pem"), certificates_.file("hub.key"),
                                 std::to_string(plain_port_)},
        cloud_.file("front.log"));
    ASSERT_TRUE(eventually([this] { return accepts(front_port_); })) << front_->output();
    AwsLike::SetUp();
  }
  void configure(nlohmann::json& config) override {
    AwsLike::configure(config);
    config["links"]["cloud"]["port"] = front_port_;
  }

  uint16_t front_port_ = free_port();
  std::unique_ptr<Process> front_;
};

TEST_F(BehindAnAlpnFront, IsLetInForTheProtocolThatItAsksFor) {
  ASSERT_TRUE(client()->publish_and_wait("load/a", "1", 1));
  ASSERT_TRUE(reader_->wait_received(1)) << hub_.log() << front_->output();
  EXPECT_THAT(front_->output(), HasSubstr("alpn: x-amzn-mqtt-ca"));
}

class BehindAnAlpnFrontWithoutAsking : public BehindAnAlpnFront {
 protected:
  void configure(nlohmann::json& config) override {
    BehindAnAlpnFront::configure(config);
    config["links"]["cloud"].erase("alpn");
  }
};

TEST_F(BehindAnAlpnFrontWithoutAsking, IsNotLetInAndKeepsItsMessages) {
  ASSERT_TRUE(client()->publish_and_wait("load/a", "1", 1));
  ASSERT_TRUE(eventually([this] { return front_->output().find("alpn: None") != std::string::npos; }));
  ASSERT_TRUE(hub_.logs("upstream_down"));
  EXPECT_TRUE(eventually([this] {
    const nlohmann::json queues = hub_.cli_json({"queue", "ls"})["queues"];
    return std::ranges::any_of(queues, [](const auto& queue) { return queue["waiting"] == 1; });
  })) << hub_.cli({"queue", "ls"}).out;
  EXPECT_TRUE(reader_->received().empty());
}

}  // namespace
}  // namespace headgate::e2e
