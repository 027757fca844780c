// Hub, broker and consumer with end-to-end acknowledgement: the broker forgets what it has acknowledged, hub and consumer are
// killed, and each message is in the consumer's database once.
#include <fstream>
#include <set>

#include "tests/e2e/chain/rabbitmq_broker.h"
#include "tests/e2e/cloud/acknowledged_hub.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/support/batches/trained_dictionary.h"

namespace headgate::e2e {
namespace {

class Acknowledged : public AcknowledgedHub<MosquittoBroker>, public ::testing::WithParamInterface<int> {
 protected:
  int protocol() const override { return GetParam(); }
  void kill_cloud() {
    forget_ear();
    cloud_.kill();
  }
};

INSTANTIATE_TEST_SUITE_P(Protocols, Acknowledged, ::testing::Values(4, 5));

TEST_P(Acknowledged, MessagesAreDeletedOnceTheConsumerHasThem) {
  start_consumer();
  publish_for(300ms);
  ASSERT_TRUE(drains());
  EXPECT_TRUE(eventually([this] { return held() == 0; }));
  EXPECT_GT(queue()["unacknowledged"]["number"], 0);
  EXPECT_EQ(queue()["unacknowledged"]["credit"], 10);
  expect_each_message_once();
}

TEST_P(Acknowledged, MessagesWaitForAConsumerThatIsAway) {
  start_consumer();
  publish_for(200ms);
  ASSERT_TRUE(drains());
  consumer_->kill_hard();
  publish_for(300ms);
  EXPECT_TRUE(eventually([this] { return held() == 10; })) << "all the credit that it had given";
  EXPECT_GT(queue()["waiting"], 0);
  EXPECT_NE(
      hub_.cli({"upstream", "status"}).out.find("10 of 10 batches wait for the consumer's acknowledgement"),
      std::string::npos);
  start_consumer();
  ASSERT_TRUE(drains());
  expect_each_message_once();
}

TEST_P(Acknowledged, MessagesOutliveABrokerThatForgetsThem) {
  start_consumer();
  publish_for(200ms);
  ASSERT_TRUE(drains());
  consumer_->kill_hard();
  publish_for(200ms);
  ASSERT_TRUE(eventually([this] { return held() > 0; }));
  kill_cloud();  // it has saved nothing since its start
  publish_for(200ms);
  start_cloud();
  publish_for(200ms);
  start_consumer();
  ASSERT_TRUE(drains());
  expect_each_message_once();
  for (const char* member : {"from", "n", "hash", "credit", "again"}) EXPECT_TRUE(has_said(member)) << member;
}

TEST_P(Acknowledged, MessagesOutliveKillsOfAllThree) {
  for (int round = 0; round < 4; ++round) {
    start_consumer();
    std::thread load([this] { run_all(publishers_, hub_.port(), 600ms); });
    std::this_thread::sleep_for(300ms);
    consumer_->kill_hard();
    kill_cloud();
    if (round % 2 == 0) hub_.kill_hard();
    load.join();
    start_cloud();
    if (round % 2 == 0) hub_.start();
    publish_for(100ms);
  }
  start_consumer();
  ASSERT_TRUE(drains());
  expect_each_message_once();
}

// The hub has a dictionary.
class AcknowledgedWithADictionary : public Acknowledged {
 protected:
  void configure(nlohmann::json& config) override {
    Acknowledged::configure(config);
    std::ofstream(path("small.dict"), std::ios::binary) << testing::small_batch_dictionary();
    config["upstream"]["batch"]["dictionary_file"] = path("small.dict");
    config["upstream"]["batch"]["messages_max"] = 25;
  }
  [[nodiscard]] bool uses_dictionary(bool used) {
    return hub_.logs(std::string("upstream_dictionary stream=upstream used=") + (used ? "yes" : "no"));
  }
};

INSTANTIATE_TEST_SUITE_P(Protocols, AcknowledgedWithADictionary, ::testing::Values(4, 5));

TEST_P(AcknowledgedWithADictionary, MessagesArriveOnceThoughTheConsumerLosesIt) {
  start_consumer({"--dictionary", path("small.dict")});
  publish_for(300ms);
  ASSERT_TRUE(drains());
  EXPECT_TRUE(uses_dictionary(true));
  publish_for(200ms);
  consumer_->kill_hard();
  publish_for(200ms);  // waits at the broker for a consumer that holds it
  start_consumer();
  ASSERT_TRUE(drains());
  EXPECT_TRUE(uses_dictionary(false));
  consumer_->kill_hard();
  start_consumer({"--dictionary", path("small.dict")});
  publish_for(200ms);
  ASSERT_TRUE(drains());
  expect_each_message_once();
  EXPECT_TRUE(has_said("dictionaries"));
}

// RabbitMQ 3.10, which speaks MQTT 3.1.1.
class AcknowledgedByRabbitMq : public AcknowledgedHub<RabbitMqBroker> {
 protected:
  int protocol() const override { return 4; }
  void SetUp() override {
    if (!RabbitMqBroker::is_installed()) GTEST_SKIP() << RabbitMqBroker::kPackage << " is not installed";
    AcknowledgedHub::SetUp();
  }
  void TearDown() override {
    if (RabbitMqBroker::is_installed()) AcknowledgedHub::TearDown();
  }
};

TEST_F(AcknowledgedByRabbitMq, MessagesArriveOnceWhileConsumerBrokerAndHubAreAway) {
  start_consumer();
  publish_for(300ms);
  ASSERT_TRUE(drains());
  EXPECT_TRUE(eventually([this] { return held() == 0; }));
  EXPECT_EQ(queue()["unacknowledged"]["credit"], 10);
  consumer_->kill_hard();
  publish_for(300ms);
  EXPECT_TRUE(eventually([this] { return held() == 10; })) << "all the credit that it had given";
  forget_ear();
  cloud_.stop();
  hub_.kill_hard();
  hub_.start();
  publish_for(200ms);
  start_cloud();
  start_consumer();
  ASSERT_TRUE(drains());
  EXPECT_TRUE(eventually([this] { return held() == 0; }));
  expect_each_message_once();
  for (const char* member : {"from", "n", "hash", "credit", "again"}) EXPECT_TRUE(has_said(member)) << member;
}

}  // namespace
}  // namespace headgate::e2e
