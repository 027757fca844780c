// A message that the cloud's broker will not have becomes a dead letter, says why, and is delivered once the
// cause is gone.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

constexpr size_t kBigBytes = 8'000;
constexpr const char* kAnybody = "allow_anonymous true\n";
constexpr const char* kSmallOnly = "allow_anonymous true\nmessage_size_limit 4000\n";

// Bytes that no compression makes smaller.
std::string noise() {
  std::mt19937 random(20'261'126);
  std::string bytes(kBigBytes, '\0');
  std::ranges::generate(bytes, [&] { return static_cast<char>(random()); });
  return bytes;
}

class DeadLetters : public HubTest {
 protected:
  void SetUp() override {
    cloud_.start();
    collector_ = std::make_unique<MqttClient>(
        cloud_.port(), ClientOptions{.id = "collector", .clean = false, .reconnects = true});
    ASSERT_EQ(collector_->subscribe("headgate/+/batches", 1), 1);
    cloud_.stop();
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", cloud_.port()},
                          {"batch", {{"linger_ms", 50}}},
                          {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}}};
  }

  // One message among others, that is refused for its size.
  void let_one_die() {
    auto publisher = client();
    for (int i = 0; i < 20; ++i)
      ASSERT_TRUE(publisher->publish_and_wait("load/x", i == 7 ? noise() : "small", 1));
    cloud_.start();
    ASSERT_TRUE(eventually([this] { return queue("$upstream")["waiting"] == 0; })) << queue("$upstream");
  }

  [[nodiscard]] nlohmann::json queue(const std::string& name) const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : answer["queues"]) {
      if (queue["name"] == name) return queue;
    }
    return {{"waiting", -1}};
  }
  [[nodiscard]] nlohmann::json letters() const { return hub_.cli_json({"dlq", "ls"})["dead_letters"]; }
  [[nodiscard]] bool big_batch_arrived() const {
    return std::ranges::any_of(collector_->payloads(),
                               [](const std::string& batch) { return batch.size() > kBigBytes; });
  }

  MosquittoBroker cloud_{kSmallOnly};
  std::unique_ptr<MqttClient> collector_;
};

TEST_F(DeadLetters, OfWhatTheCloudRefusesSayWhyAndAreDeliveredOnceItTakesThem) {
  let_one_die();
  EXPECT_EQ(queue("$upstream")["delivered"], 19);
  EXPECT_EQ(queue("$upstream")["dead"], 1);
  restart_hard();
  ASSERT_EQ(letters().size(), 1);
  const std::string seq = std::to_string(letters()[0]["seq"].get<uint64_t>());
  const nlohmann::json letter = hub_.cli_json({"dlq", "show", seq});
  EXPECT_EQ(letter["reason"], "upstream: refused with 0x95, packet too large");
  EXPECT_EQ(letter["attempts"], 5);
  EXPECT_EQ(letter["from"]["queue"], "$upstream");
  EXPECT_EQ(letter["routes"], nlohmann::json::array({"up"}));
  EXPECT_EQ(letter["body_bytes"], kBigBytes);
  EXPECT_FALSE(big_batch_arrived());
  cloud_.stop();
  cloud_.set_access(kAnybody);
  cloud_.start();
  const Finished replayed = hub_.cli({"dlq", "replay", seq});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.out;
  EXPECT_TRUE(eventually([this] { return big_batch_arrived(); }));
  EXPECT_TRUE(eventually([this] { return queue("$upstream")["waiting"] == 0; }));
  EXPECT_TRUE(letters().empty());
}

TEST_F(DeadLetters, DieAgainWhenTheyArePutBackTooEarly) {
  let_one_die();
  EXPECT_EQ(hub_.cli({"dlq", "replay", "--all", "--yes"}).exit_code, 0);
  EXPECT_TRUE(eventually([this] { return queue("$upstream")["dead"] == 2; }));
  EXPECT_EQ(letters().size(), 1);
}

TEST_F(DeadLetters, AreDroppedOnlyWithAYes) {
  let_one_die();
  const Finished asked = hub_.cli({"dlq", "purge", "--all"});
  EXPECT_EQ(asked.exit_code, 2);
  EXPECT_THAT(asked.out, HasSubstr("say --yes"));
  EXPECT_EQ(letters().size(), 1);
  EXPECT_EQ(hub_.cli({"dlq", "purge", "--all", "--yes"}).exit_code, 0);
  EXPECT_TRUE(letters().empty());
  EXPECT_EQ(queue("$dead")["dropped"], 1);
}

TEST_F(DeadLetters, AreReadFromAStoppedHub) {
  let_one_die();
  hub_.kill_hard();
  const Finished listed = hub_.cli_on_data({"dlq", "ls"});
  EXPECT_THAT(listed.out, HasSubstr("refused with 0x95, packet too large"));
}

}  // namespace
}  // namespace headgate::e2e
