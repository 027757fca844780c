// A hub that says to a real Mosquitto that it is there, and of which the broker says that it is gone.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"

namespace headgate::e2e {
namespace {

class PresenceUpstream : public HubTest, public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    cloud_.start();
    watcher_ = std::make_unique<MqttClient>(cloud_.port(), ClientOptions{.id = "watcher"});
    ASSERT_EQ(watcher_->subscribe("headgate/+/presence", 1), 1);
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["hub_id"] = "site-7";
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", cloud_.port()},
                          {"protocol", GetParam()},
                          {"presence_s", 1},
                          {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}}};
    config["routes"] = {{"up", "FROM 'plant/#' INTO $upstream"}};
  }
  // What was said last.
  [[nodiscard]] nlohmann::json last() const {
    const auto payloads = watcher_->payloads();
    return payloads.empty() ? nlohmann::json::object() : nlohmann::json::parse(payloads.back());
  }
  [[nodiscard]] bool becomes(const std::string& state) const {
    return eventually([&] { return last().value("state", "") == state; });
  }

  MosquittoBroker cloud_;
  std::unique_ptr<MqttClient> watcher_;
};

TEST_P(PresenceUpstream, IsThereWithHealthAndQueuesAndGoneWithTheConnection) {
  ASSERT_TRUE(becomes("online"));
  EXPECT_EQ(last()["hub"], "site-7");
  EXPECT_EQ(last()["health"], "ok");
  EXPECT_EQ(last()["period_s"], 1);
  const size_t before = watcher_->payloads().size();
  ASSERT_TRUE(eventually([&] { return watcher_->payloads().size() > before + 1; })) << "it is said again";
  hub_.kill_hard();
  EXPECT_TRUE(becomes("offline"));
  hub_.start();
  EXPECT_TRUE(becomes("online"));
  hub_.terminate();
  EXPECT_EQ(hub_.wait(), 0);
  EXPECT_TRUE(becomes("offline")) << "also after a clean end";
  hub_.start();
}

TEST_P(PresenceUpstream, SaysUpToWhereTheBatchesAreWithTheBroker) {
  MqttClient cloud(cloud_.port(), {.id = "cloud"});
  ASSERT_EQ(cloud.subscribe("headgate/+/batches", 1), 1);
  ASSERT_EQ(cloud.subscribe("headgate/+/batches/head/upstream", 1), 1);
  MqttClient module(hub_.port(), {.id = "module"});
  ASSERT_TRUE(module.publish("plant/1", "{\"v\":1}", 1));
  ASSERT_TRUE(eventually([&] { return last().contains("heads"); }));
  const nlohmann::json head = last()["heads"].at(0);
  EXPECT_EQ(head["st"], "upstream");
  EXPECT_GT(head["n"].get<uint64_t>(), 0U);
  const std::string hash = head["hash"];
  EXPECT_EQ(hash.size(), 44U);
  const auto names_it = [&hash](const std::string& payload) {
    return payload.find(hash) != std::string::npos;
  };
  EXPECT_TRUE(eventually([&] { return std::ranges::any_of(cloud.payloads(), names_it); }))
      << "the retained head names the same batch";
}

INSTANTIATE_TEST_SUITE_P(Protocols, PresenceUpstream, ::testing::Values(4, 5));

}  // namespace
}  // namespace headgate::e2e
