// Messages that go to a real Mosquitto one by one, over outages and kills: all of them, in their order, as they were.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

class Passthrough : public HubTest {
 protected:
  void SetUp() override {
    cloud_.start();
    collector_ = std::make_unique<MqttClient>(
        cloud_.port(), ClientOptions{.id = "collector", .clean = false, .reconnects = true});
    ASSERT_EQ(collector_->subscribe("sites/#", 1), 1);
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["hub_id"] = "site-7";
    config["upstream"] = {{"host", "127.0.0.1"},     {"port", cloud_.port()},
                          {"mode", "passthrough"},   {"passthrough_topic", "sites/{hub}/{topic}"},
                          {"in_flight_batches", 50}, {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}}};
    config["routes"] = {{"up", "FROM 'plant/#' INTO $upstream"}};
  }

  void publish(int count) {
    const auto publisher = client();
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(publisher->publish_and_wait("plant/a", std::to_string(next_++), 1));
  }
  [[nodiscard]] bool drains() const {
    return eventually(
        [this] {
          const nlohmann::json queues = hub_.cli_json({"queue", "ls"})["queues"];
          return std::ranges::all_of(queues, [](const auto& queue) { return queue["waiting"] == 0; });
        },
        30s);
  }
  // Each number at least once; first arrivals in their order.
  void expect_all_in_order() {
    std::vector<int> first;
    for (const Received& one : collector_->received()) {
      EXPECT_EQ(one.topic, "sites/site-7/plant/a");
      const int number = std::stoi(one.payload);
      if (std::ranges::find(first, number) == first.end()) first.push_back(number);
    }
    ASSERT_EQ(first.size(), static_cast<size_t>(next_));
    for (int i = 0; i < next_; ++i) EXPECT_EQ(first[static_cast<size_t>(i)], i);
  }

  MosquittoBroker cloud_;
  std::unique_ptr<MqttClient> collector_;
  int next_ = 0;
};

TEST_F(Passthrough, BringsAllMessagesInTheirOrderOverAnOutageAndAKill) {
  publish(100);
  ASSERT_TRUE(drains());
  cloud_.stop();
  publish(200);
  restart_hard();
  publish(100);
  cloud_.start();
  ASSERT_TRUE(drains());
  ASSERT_TRUE(eventually([&] { return collector_->received().size() >= static_cast<size_t>(next_); }));
  expect_all_in_order();
}

TEST_F(Passthrough, LosesNothingWhenTheBrokerEndsInTheMiddle) {
  for (int round = 0; round < 4; ++round) {
    publish(100);
    cloud_.stop();
    cloud_.start();
  }
  ASSERT_TRUE(drains());
  ASSERT_TRUE(eventually([&] { return collector_->received().size() >= static_cast<size_t>(next_); }));
  expect_all_in_order();
}

TEST_F(Passthrough, PutsAsideWhatTheBrokerDoesNotTakeAndGoesOn) {
  cloud_.stop();
  cloud_.set_access("allow_anonymous true\nmessage_size_limit 4000\n");
  cloud_.start();
  publish(5);
  ASSERT_TRUE(client()->publish_and_wait("plant/a", std::string(5000, 'x'), 1));
  publish(5);
  ASSERT_TRUE(eventually([this] { return hub_.cli_json({"dlq", "ls"})["dead_letters"].size() == 1; }, 60s));
  ASSERT_TRUE(eventually([&] { return collector_->received().size() >= static_cast<size_t>(next_); }, 30s));
  expect_all_in_order();
}

}  // namespace
}  // namespace headgate::e2e
