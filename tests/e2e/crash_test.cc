// kill -9 under load: a PUBACK is a promise (docs/guarantees.md).
#include <numeric>
#include <random>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/numbered_publisher.h"
#include "tests/e2e/support/qos2_peer.h"

namespace headgate::e2e {
namespace {

constexpr int kKills = 20;
constexpr uint32_t kSeed = 20'261'122;

class Killed : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["log"] = {{"level", "warn"}};
  }

  // Runs load until the hub is killed at a random moment of it.
  void kill_under_load() {
    std::vector<std::thread> threads;
    for (NumberedPublisher& publisher : publishers_) {
      threads.emplace_back([&, port = hub_.port()] { publisher.run(port, kPatience); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random_() % 150));
    hub_.kill_hard();
    for (std::thread& thread : threads) thread.join();
  }

  // Everything that `subscriber` has got by the time a last message, published now, has come.
  [[nodiscard]] std::vector<MessageId> read_to_the_end(MqttClient& subscriber) {
    EXPECT_TRUE(client()->publish_and_wait("load/end", "the end", 1));
    EXPECT_TRUE(eventually(
        [&] {
          const auto payloads = subscriber.payloads();
          return !payloads.empty() && payloads.back() == "the end";
        },
        60s));
    std::vector<MessageId> arrived;
    for (const std::string& payload : subscriber.payloads()) {
      if (auto id = find_id(payload)) arrived.push_back(*id);
    }
    return arrived;
  }

  void expect_complete_and_in_order(const std::vector<MessageId>& arrived) const {
    const std::vector<MessageId> lost = missing(all_acked(publishers_), arrived);
    EXPECT_TRUE(lost.empty()) << lost.size() << " acknowledged messages are lost, the first is "
                              << to_payload(lost.front());
    const std::optional<MessageId> late = out_of_order(arrived);
    EXPECT_FALSE(late.has_value()) << to_payload(*late) << " came too late";
  }

  [[nodiscard]] uint64_t upstream_waiting() const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : answer.value("queues", nlohmann::json::array())) {
      if (queue["name"] == "$upstream") return queue["waiting"].get<uint64_t>();
    }
    return 0;
  }

  std::vector<NumberedPublisher> publishers_{NumberedPublisher("a"), NumberedPublisher("b"),
                                             NumberedPublisher("c")};
  std::minstd_rand random_{kSeed};
};

TEST_F(Killed, TwentyTimesUnderLoadLosesNothingAcknowledgedAndKeepsOrder) {
  ASSERT_EQ(persistent_client("keeper")->subscribe("load/#", 1), 1);
  for (int i = 0; i < kKills; ++i) {
    kill_under_load();
    hub_.start();
  }
  auto keeper = persistent_client("keeper");
  ASSERT_TRUE(keeper->session_was_present());
  const std::vector<MessageId> arrived = read_to_the_end(*keeper);
  ASSERT_GT(all_acked(publishers_).size(), size_t{kKills}) << "there was hardly any load";
  expect_complete_and_in_order(arrived);
  // The other queue of the same messages holds exactly as many: one write, all or nothing. And the end.
  EXPECT_EQ(upstream_waiting(), arrived.size() + 1);
}

TEST_F(Killed, WhileASubscriberReadsLosesNothingAcknowledgedAndKeepsOrder) {
  MqttClient reader(hub_.port(), {.id = "reader", .clean = false, .reconnects = true});
  ASSERT_EQ(reader.subscribe("load/#", 1), 1);
  for (int i = 0; i < kKills / 2; ++i) {
    kill_under_load();
    hub_.start();
  }
  ASSERT_TRUE(eventually([&] { return reader.is_connected(); }));
  expect_complete_and_in_order(read_to_the_end(reader));
}

TEST_F(Killed, TwentyTimesGivesEveryQos2MessageExactlyOnceInOrder) {  // [MQTT-4.3.3-1 … 13]
  Qos2Peer peer("exact", "q2/numbers");
  for (int i = 0; i < kKills; ++i) {
    std::thread running([&] { peer.run_until_lost(hub_.port()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random_() % 150));
    hub_.kill_hard();
    running.join();
    hub_.start();
  }
  ASSERT_TRUE(peer.finish(hub_.port(), 60s));
  ASSERT_GT(peer.published(), uint64_t{kKills}) << "there was hardly any load";
  std::vector<uint64_t> expected(peer.published());
  std::iota(expected.begin(), expected.end(), uint64_t{1});
  EXPECT_EQ(peer.got(), expected);
}

TEST_F(Killed, StillPublishesTheWillsOfWhoWasConnected) {  // [MQTT-3.1.2-7, MQTT-3.1.2-8]
  ASSERT_EQ(persistent_client("keeper")->subscribe("status/#", 1), 1);
  auto gone = client({.id = "gone", .will_topic = "status/gone", .will_payload = "lost", .will_qos = 1});
  // What is stored after a will says that the will is stored: writes keep their order.
  ASSERT_TRUE(gone->publish_and_wait("load/gone", "kept", 1));
  restart_hard();
  auto keeper = persistent_client("keeper");
  EXPECT_EQ(keeper->expect_payloads(1), std::vector<std::string>{"lost"});
}

}  // namespace
}  // namespace headgate::e2e
