// A flood of QoS 0 into a queue upstream that is full, over two lanes, while the cloud, a real Mosquitto, is away and while it
// drains: it counts each message, as one that came or as one of a gap.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/support/batches/tally.h"

namespace headgate::e2e {
namespace {

using testing::Told;

constexpr uint64_t kMessagesMax = 100;
constexpr int kFlood = 3000;

class FloodedQueue : public HubTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    cloud_.start();
    collector_ = std::make_unique<MqttClient>(
        cloud_.port(), ClientOptions{.id = "collector", .clean = false, .reconnects = true});
    ASSERT_EQ(collector_->subscribe("headgate/+/batches", 1), 1);
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", cloud_.port()},
                          {"batch", {{"linger_ms", 20}, {"messages_max", 20}}},
                          {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}}};
    config["routes"] = {{"up",
                         {{"route", "FROM 'plant/#' INTO $upstream"},
                          {"queue", {{"maxMessages", kMessagesMax}, {"onFull", GetParam()}}}}},
                        {"urgent", {{"route", "FROM 'alarm/#' INTO $upstream"}, {"priority", 0}}},
                        {"end", "FROM 'end' INTO BrokeredEndpoint('/modules/m/inputs/i')"}};
  }

  // Returns once the hub has had all, and has written what it keeps of it.
  void flood() {
    const auto sensor = client();
    for (int i = 0; i < kFlood; ++i, ++published_)
      sensor->publish(published_ % 3 == 0 ? "alarm/1" : "plant/1", R"({"v":1})", 0);
    ASSERT_TRUE(sensor->publish_and_wait("end", "", 1));
  }
  [[nodiscard]] nlohmann::json queue() const {
    const nlohmann::json listed = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : listed["queues"])
      if (queue["name"] == "$upstream") return queue;
    return {};
  }
  // Through `headgate unbatch`, which finds no batch missing or changed.
  [[nodiscard]] Told told() {
    std::vector<std::string> words{program("headgate"), "unbatch", "--verify", "--gaps"};
    for (const std::string& payload : collector_->payloads())
      words.push_back(scratch_.write("batch-" + std::to_string(words.size()), payload).string());
    const Finished unbatch = run(words, 60s);
    EXPECT_EQ(unbatch.exit_code, 0) << unbatch.out.substr(0, 500);
    return testing::told_in(unbatch.out);
  }

  MosquittoBroker cloud_;
  ScratchDir scratch_;
  std::unique_ptr<MqttClient> collector_;
  uint64_t published_ = 0;
};

INSTANTIATE_TEST_SUITE_P(OnFull, FloodedQueue, ::testing::Values("reject", "drop-newest", "drop-oldest"));

TEST_P(FloodedQueue, LosesNothingThatTheCloudCannotCount) {
  cloud_.stop();
  flood();
  EXPECT_LE(queue()["waiting"], kMessagesMax);
  restart_hard();
  flood();
  cloud_.start();
  flood();
  EXPECT_TRUE(eventually([this] { return queue()["waiting"] == 0; }, 60s));
  flood();
  Told all;
  EXPECT_TRUE(eventually(
      [&] {
        all = told();
        return all.messages + all.in_gaps >= published_ && all.in_gaps == queue()["dropped"];
      },
      60s));
  EXPECT_EQ(all.in_gaps, queue()["dropped"]);
  // What makes room may be on its way already: it comes, though it is declared.
  if (GetParam() == std::string_view("drop-oldest"))
    EXPECT_GE(all.messages + all.in_gaps, published_) << queue();
  else
    EXPECT_EQ(all.messages + all.in_gaps, published_) << queue();
  EXPECT_GT(all.in_gaps, kFlood);
}

}  // namespace
}  // namespace headgate::e2e
