// A cloud that does not behave: it loses an acknowledgement, has nobody who listens, hangs up, or is the hub itself.
#include <gmock/gmock.h>

#include <random>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/lossy_relay.h"
#include "tests/e2e/support/mosquitto_broker.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

nlohmann::json link_to(uint16_t port) {
  return {{"host", "127.0.0.1"},
          {"port", port},
          {"batch", {{"messages_max", 20}, {"linger_ms", 20}}},
          {"backoff", {{"base_ms", 100}, {"cap_ms", 1000}}}};
}

class CloudTest : public HubTest {
 protected:
  explicit CloudTest(const std::string& settings = "allow_anonymous true\n") : cloud_(settings) {}

  void SetUp() override {
    cloud_.start();
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["upstream"] = link_to(cloud_.port());
  }

  // Subscribes to the batches, for good.
  [[nodiscard]] std::unique_ptr<MqttClient> consumer() const {
    auto consumer =
        std::make_unique<MqttClient>(cloud_.port(), ClientOptions{.id = "consumer", .clean = false});
    EXPECT_EQ(consumer->subscribe("headgate/+/batches", 1), 1);
    return consumer;
  }
  void publish(MqttClient& publisher, size_t count, const std::string& topic = "load/a") const {
    for (size_t i = 0; i < count; ++i) ASSERT_TRUE(publisher.publish_and_wait(topic, std::to_string(i), 1));
  }
  [[nodiscard]] uint64_t of_upstream(const char* account) const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : answer["queues"]) {
      if (queue["name"] == "$upstream") return queue[account].get<uint64_t>();
    }
    return 0;
  }
  [[nodiscard]] bool delivers(uint64_t count, std::chrono::milliseconds patience = kPatience) const {
    return eventually([&] { return of_upstream("delivered") == count; }, patience);
  }

  MosquittoBroker cloud_;
};

class LostAnswer : public CloudTest {
 protected:
  void configure(nlohmann::json& config) override {
    CloudTest::configure(config);
    config["upstream"]["port"] = relay_.port();
    config["upstream"]["answer_timeout_s"] = 3;
  }

  LossyRelay relay_{cloud_.port()};
};

TEST_F(LostAnswer, HasTheBatchSentAgainWhileOthersAreAcknowledged) {
  const auto consumer = this->consumer();
  const auto publisher = client();
  publish(*publisher, 1);
  ASSERT_TRUE(delivers(1));
  relay_.lose_next_puback();
  // Goes on well beyond the patience: there always is an answer to something.
  const auto end = std::chrono::steady_clock::now() + 6s;
  uint64_t published = 1;
  for (; std::chrono::steady_clock::now() < end; ++published) {
    publish(*publisher, 1);
    std::this_thread::sleep_for(50ms);
  }
  ASSERT_TRUE(relay_.has_lost_it());
  EXPECT_TRUE(delivers(published));
  EXPECT_EQ(relay_.connections(), 2);
}

class NoSubscriber : public CloudTest {
 protected:
  [[nodiscard]] nlohmann::json link() const { return hub_.cli_json({"status"})["upstream"]; }
  [[nodiscard]] bool says_nobody_subscribes() const {
    return eventually([this] { return link()["unheard_topic"] != ""; });
  }
};

TEST_F(NoSubscriber, LeavesMessagesInTheQueueUntilThereIsOne) {
  const auto publisher = client();
  publish(*publisher, 50);
  ASSERT_TRUE(says_nobody_subscribes());
  std::this_thread::sleep_for(1500ms);  // some probes
  EXPECT_EQ(of_upstream("waiting"), 50U);
  EXPECT_EQ(of_upstream("delivered"), 0U);
  EXPECT_EQ(link()["messages_acked"], 0);
  const auto consumer = this->consumer();
  EXPECT_TRUE(delivers(50));
  EXPECT_EQ(link()["unheard_topic"], "");
}

TEST_F(NoSubscriber, IsToldWithTheKeyToSet) {
  publish(*client(), 1);
  ASSERT_TRUE(says_nobody_subscribes());
  const std::string status = hub_.cli({"status"}).out;
  EXPECT_THAT(status, HasSubstr("nobody subscribes to headgate/"));
  EXPECT_THAT(status, HasSubstr("upstream.no_subscriber"));
  EXPECT_TRUE(hub_.logs("upstream_nobody_subscribed"));
  EXPECT_TRUE(hub_.logs("upstream.no_subscriber"));
}

TEST_F(NoSubscriber, WhoIsAwayWithASessionCounts) {
  consumer()->disconnect();
  publish(*client(), 10);
  EXPECT_TRUE(delivers(10));
}

TEST_F(NoSubscriber, WhoLeavesGetsWhatNobodyTookWhenItComesBack) {
  auto consumer = this->consumer();
  const auto publisher = client();
  publish(*publisher, 10);
  ASSERT_TRUE(delivers(10));
  ASSERT_TRUE(consumer->unsubscribe("headgate/+/batches"));
  publish(*publisher, 10);
  ASSERT_TRUE(says_nobody_subscribes());
  EXPECT_EQ(of_upstream("waiting"), 10U);
  ASSERT_EQ(consumer->subscribe("headgate/+/batches", 1), 1);
  EXPECT_TRUE(delivers(20));
}

class RulesConsume : public CloudTest {
 protected:
  void configure(nlohmann::json& config) override {
    CloudTest::configure(config);
    config["upstream"]["no_subscriber"] = "deliver";
  }
};

TEST_F(RulesConsume, SoMessagesCountAsDeliveredWithoutASubscriber) {
  publish(*client(), 10);
  EXPECT_TRUE(delivers(10));
  EXPECT_EQ(hub_.cli_json({"status"})["upstream"]["unheard_topic"], "");
}

// A broker of MQTT 3.1.1 that ends the connection over a message that is too large for it.
class TooLarge : public CloudTest {
 protected:
  TooLarge() : CloudTest("allow_anonymous true\nmax_packet_size 2000\n") {}

  void configure(nlohmann::json& config) override {
    CloudTest::configure(config);
    config["routes"]["first"] = {{"route", "FROM 'alarm/#' INTO $upstream"}, {"priority", 0}};
    config["upstream"]["protocol"] = 4;
    config["upstream"].erase("backoff");
  }

  // What no compression makes small.
  [[nodiscard]] static std::string noise(size_t bytes) {
    std::mt19937 random(7);
    std::string text;
    while (text.size() < bytes) text += static_cast<char>('a' + random() % 26);
    return text;
  }
};

TEST_F(TooLarge, MessageIsFoundWithinAMinuteWhileOthersGoOn) {
  const auto publisher = client();
  publish(*publisher, 30, "load/a");
  ASSERT_TRUE(publisher->publish_and_wait("load/big", noise(6000), 1));
  publish(*publisher, 30, "load/a");
  uint64_t alarms = 0;
  const auto found = [&] {
    publish(*publisher, 1, "alarm/a");
    ++alarms;
    std::this_thread::sleep_for(100ms);
    return of_upstream("dead") == 1;
  };
  ASSERT_TRUE(eventually(found, 60s));
  // All but the last few have gone while the search was under way.
  EXPECT_GE(of_upstream("delivered") + 20, alarms);
  EXPECT_TRUE(delivers(60 + alarms));
}

// ---- what went up comes back ----

class Loop : public CloudTest {
 protected:
  void configure(nlohmann::json& config) override {
    CloudTest::configure(config);
    config["routes"] = {{"all", "FROM /messages/* INTO $upstream"}};
  }

  void expect_only_what_was_published(uint64_t count) {
    publish(*client(), count, "plant/a");
    ASSERT_TRUE(eventually([&] { return of_upstream("in") >= count; }));
    std::this_thread::sleep_for(3s);  // dozens of rounds, if there were any
    EXPECT_EQ(of_upstream("in"), count);
  }
  [[nodiscard]] int returned() const {
    return hub_.cli_json({"status"})["upstream"]["batches_returned"].get<int>();
  }
};

class OwnUpstream : public Loop {
 protected:
  void configure(nlohmann::json& config) override {
    Loop::configure(config);
    config["upstream"]["port"] = hub_.port();
  }
};

TEST_F(OwnUpstream, GetsNoBatchOfABatchAndKeepsWhatNobodyTakes) {
  expect_only_what_was_published(5);
  EXPECT_EQ(of_upstream("waiting"), 5U);
  EXPECT_TRUE(hub_.logs("own_batch_came_back"));
  EXPECT_GT(returned(), 0);
}

TEST_F(OwnUpstream, DeliversToWhoSubscribesAndRoutesNothingAgain) {
  const auto consumer = subscriber("headgate/+/batches");
  expect_only_what_was_published(5);
  EXPECT_EQ(of_upstream("delivered"), 5U);
}

class OwnUpstream311 : public OwnUpstream {
 protected:
  void configure(nlohmann::json& config) override {
    OwnUpstream::configure(config);
    config["upstream"]["protocol"] = 4;
  }
};

TEST_F(OwnUpstream311, GetsNoBatchOfABatch) {
  expect_only_what_was_published(5);
  EXPECT_TRUE(hub_.logs("own_batch_came_back"));
}

// The cloud is bridged to another Mosquitto, and that one back to the hub; both under other topics, and as MQTT 3.1.1,
// which takes away what the properties say.
class TwoBridges : public Loop {
 protected:
  void SetUp() override {
    second_.set_access(
        "allow_anonymous true\nconnection home\naddress 127.0.0.1:" + std::to_string(hub_.port()) +
        "\ntopic # out 1 there/ back/\ntry_private false\nrestart_timeout 1\n");
    second_.start();
    cloud_.set_access("allow_anonymous true\nconnection there\naddress 127.0.0.1:" +
                      std::to_string(second_.port()) + "\ntopic headgate/# out 1 \"\" there/\n");
    Loop::SetUp();
  }

  MosquittoBroker second_;
};

TEST_F(TwoBridges, BringBackNothingThatIsRoutedAgain) {
  const auto watcher = subscriber("back/#");
  ASSERT_TRUE(eventually([this] {
    return hub_.log().find("client_connected client=home") != std::string::npos ||
           hub_.cli_json({"status"})["connections"] >= 2;
  }));
  expect_only_what_was_published(5);
  EXPECT_GT(watcher->received().size(), 0U) << "the bridges carried nothing";
  EXPECT_GT(returned(), 0);
}

}  // namespace
}  // namespace headgate::e2e
