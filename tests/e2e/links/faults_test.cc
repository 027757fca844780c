// A network that fails by random schedules, under a hub that is killed in the middle: every message that was acknowledged
// comes out of `headgate unbatch` exactly once. Three schedules; HEADGATE_SEEDS=50 for more.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/numbered_publisher.h"
#include "tests/support/number_from.h"

namespace headgate::e2e {
namespace {

class FailingNetwork : public HubTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override {
    cloud_.start();
    collector_ = std::make_unique<MqttClient>(
        cloud_.port(), ClientOptions{.id = "collector", .clean = false, .reconnects = true});
    ASSERT_EQ(collector_->subscribe("headgate/#", 1), 1);
    relay_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/support/faulty_relay.py",
                                 std::to_string(relay_port_), std::to_string(cloud_.port()),
                                 std::to_string(GetParam()), "5"},
        cloud_.file("relay.log"));
    ASSERT_TRUE(eventually([this] { return accepts(relay_port_); })) << relay_->output();
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["upstream"] = {{"batch", {{"messages_max", 50}, {"linger_ms", 50}}},
                          {"backoff", {{"base_ms", 50}, {"cap_ms", 300}}},
                          {"fail_over_s", 1}};
    config["links"] = {{"fiber", {{"host", "127.0.0.1"}, {"port", relay_port_}}},
                       {"lte", {{"host", "127.0.0.1"}, {"port", relay_port_}, {"cost", "metered"}}}};
  }

  [[nodiscard]] bool drains() const {
    return eventually(
        [this] {
          const nlohmann::json queues = hub_.cli_json({"queue", "ls"})["queues"];
          return queues.is_array() &&
                 std::ranges::all_of(queues, [](const auto& queue) { return queue["waiting"] == 0; });
        },
        60s);
  }
  // One JSON line for each message that a consumer has of the batches.
  [[nodiscard]] std::string unbatched() const {
    MqttClient marker(cloud_.port(), {});
    EXPECT_TRUE(marker.publish_and_wait("headgate/marker", "end", 1));
    const auto is_marker = [](const Received& one) { return one.topic == "headgate/marker"; };
    EXPECT_TRUE(eventually([&] { return std::ranges::any_of(collector_->received(), is_marker); }))
        << "the collector does not hear the broker";
    std::vector<std::string> words{program("headgate"), "unbatch"};
    for (const Received& batch : collector_->received())
      if (!is_marker(batch))
        words.push_back(scratch_.write("batch-" + std::to_string(words.size()), batch.payload).string());
    const Finished unbatch = run(words, 60s);
    EXPECT_EQ(unbatch.exit_code, 0) << unbatch.out.substr(0, 500);
    return unbatch.out;
  }

  MosquittoBroker cloud_;
  uint16_t relay_port_ = free_port();
  std::unique_ptr<Process> relay_;
  std::unique_ptr<MqttClient> collector_;
  ScratchDir scratch_;
};

TEST_P(FailingNetwork, LosesNothingAndBringsNothingTwice) {
  NumberedPublisher publisher("a");
  publisher.run(hub_.port(), 1500ms);
  restart_hard();
  publisher.run(hub_.port(), 2500ms);
  ASSERT_TRUE(eventually([this] { return relay_->output().find("all is well") != std::string::npos; }, 20s));
  ASSERT_TRUE(drains()) << relay_->output();
  std::multiset<MessageId> arrived;
  std::istringstream lines(unbatched());
  for (std::string line; std::getline(lines, line);)
    if (const auto id = find_id(line)) arrived.insert(*id);
  for (const MessageId& id : publisher.acked())
    ASSERT_EQ(arrived.count(id), 1U) << to_payload(id) << "\n" << relay_->output();
}

INSTANTIATE_TEST_SUITE_P(Seeds, FailingNetwork,
                         ::testing::Range(1U, 1U + testing::number_from("HEADGATE_SEEDS", 3)));

}  // namespace
}  // namespace headgate::e2e
