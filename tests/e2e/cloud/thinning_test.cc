// A hub whose queue is small, and whose link is away for longer than it lasts: the cloud, a real Mosquitto, has all
// readings in the end, as they came or in rows with their sums and extremes.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/support/batches/tally.h"

namespace headgate::e2e {
namespace {

using namespace std::chrono_literals;
using testing::Tally;
using testing::Told;

// Room for some 1,700 readings, and so many without an acknowledgement: those that are not durable yet cannot be folded.
constexpr uint64_t kBytesMax = 32 * 1024;
constexpr size_t kUnackedMax = 50;

class ThinnedOutage : public HubTest {
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
                          {"batch", {{"linger_ms", 50}}},
                          {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}}};
    config["routes"] = {{"up",
                         {{"route", "FROM 'plant/#' INTO $upstream"},
                          {"queue", {{"maxBytes", kBytesMax}, {"onFull", "thin"}}}}}};
  }

  // All acknowledged.
  void publish(int count, size_t unacked_max) {
    const auto sensor = client();
    for (; count > 0; --count) {
      const int number = ++number_;
      const double value = number % 1000 / 8.0;
      sensor->publish("plant/" + std::to_string(number % 2), "{\"v\":" + nlohmann::json(value).dump() + "}",
                      1);
      published_.add(1, value, value, value);
      ASSERT_TRUE(sensor->wait_unacked_below(unacked_max, 60s));
    }
    ASSERT_TRUE(sensor->wait_unacked_below(1, 60s));
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

  // The cloud is back: each message of the queue has come, or a gap says that it does not.
  [[nodiscard]] Told told_in_the_end() {
    cloud_.start();
    EXPECT_TRUE(eventually([this] { return queue()["waiting"] == 0; }, 60s));
    const uint64_t in = queue()["in"];
    Told all;
    EXPECT_TRUE(eventually(
        [&] {
          all = told();
          return all.messages + all.in_gaps >= in;
        },
        60s));
    const nlohmann::json counts = queue();
    EXPECT_EQ(all.messages, counts["delivered"]) << counts;
    EXPECT_EQ(all.in_gaps, counts["dropped"]) << counts;
    EXPECT_TRUE(all.rows_are_declared());
    return all;
  }

  MosquittoBroker cloud_;
  ScratchDir scratch_;
  std::unique_ptr<MqttClient> collector_;
  Tally published_;
  int number_ = 0;
};

TEST_F(ThinnedOutage, LeavesSumsAndExtremesOfTheWholeSeries) {
  publish(100, kUnackedMax);
  ASSERT_TRUE(collector_->wait_received(1));
  cloud_.stop();
  publish(3000, kUnackedMax);
  EXPECT_GT(hub_.cli_json({"status"})["thinning"]["folded"], 1000);
  restart_hard();
  publish(3000, kUnackedMax);
  EXPECT_LE(queue()["waiting_bytes"], kBytesMax);
  const Told told = told_in_the_end();
  EXPECT_EQ(told.all, published_) << "eighths have exact sums";
  EXPECT_EQ(told.lost, "");
  EXPECT_GT(told.rows, 2u);
}

TEST_F(ThinnedOutage, LosesNothingSilentlyInAFloodThatTheDiskIsTooSlowFor) {
  cloud_.stop();
  publish(6000, SIZE_MAX);
  EXPECT_LE(queue()["waiting_bytes"], kBytesMax);
  const Told told = told_in_the_end();
  EXPECT_LE(told.all.count, published_.count);
  EXPECT_TRUE(!told.lost.empty() || told.all == published_) << told.all;
}

}  // namespace
}  // namespace headgate::e2e
