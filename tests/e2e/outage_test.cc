// The link goes down and up again, and the hub dies meanwhile: everything acknowledged arrives upstream.
#include <cstdlib>
#include <random>
#include <set>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/numbered_publisher.h"

namespace headgate::e2e {
namespace {

constexpr const char* kMarkerTopic = "headgate/marker/batches";

class Outage : public HubTest {
 protected:
  void SetUp() override {
    cloud_.start();
    collector_ = std::make_unique<MqttClient>(
        cloud_.port(), ClientOptions{.id = "collector", .clean = false, .reconnects = true});
    ASSERT_EQ(collector_->subscribe("headgate/+/batches", 1), 1);
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", cloud_.port()},
                          {"batch", {{"messages_max", 200}, {"linger_ms", 100}}},
                          {"backoff", {{"base_ms", 100}, {"cap_ms", 500}}}};
  }

  void publish_for(std::chrono::milliseconds duration) { run_all(publishers_, hub_.port(), duration); }

  [[nodiscard]] nlohmann::json upstream_queue() const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : answer["queues"]) {
      if (queue["name"] == "$upstream") return queue;
    }
    return {{"waiting", 0}};
  }
  [[nodiscard]] bool drains() const {
    return eventually([this] { return upstream_queue()["waiting"] == 0; }, 60s);
  }

  // Every batch that the cloud has passed on, through `headgate unbatch`, which finds no batch missing or changed: one
  // JSON message a line.
  [[nodiscard]] std::vector<std::string> unbatched_lines() {
    MqttClient marker(cloud_.port(), {});
    EXPECT_TRUE(marker.publish_and_wait(kMarkerTopic, "end", 1));
    EXPECT_TRUE(eventually([this] {
      const auto payloads = collector_->payloads();
      return !payloads.empty() && payloads.back() == "end";
    }));
    std::vector<std::string> words{program("headgate"), "unbatch", "--verify"};
    for (const Received& batch : collector_->received()) {
      if (batch.topic == kMarkerTopic) continue;
      const std::string name = "batch-" + std::to_string(words.size());
      words.push_back(scratch_.write(name, batch.payload).string());
    }
    const Finished unbatch = run(words, 60s);
    EXPECT_EQ(unbatch.exit_code, 0) << unbatch.out.substr(0, 500);
    return lines_of(unbatch.out);
  }

  [[nodiscard]] static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  [[nodiscard]] static std::vector<MessageId> ids_of(const std::vector<std::string>& lines) {
    std::vector<MessageId> ids;
    for (const std::string& line : lines) {
      if (auto id = find_id(line)) ids.push_back(*id);
    }
    return ids;
  }

  void expect_every_account_balances() const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : answer["queues"]) {
      uint64_t sum = 0;
      for (const char* part : {"waiting", "delivered", "expired", "dropped", "dead"})
        sum += queue[part].get<uint64_t>();
      EXPECT_EQ(queue["in"], sum) << queue;
    }
  }

  void expect_everything_arrived(const std::vector<MessageId>& arrived) const {
    const std::vector<MessageId> lost = missing(all_acked(publishers_), arrived);
    EXPECT_TRUE(lost.empty()) << lost.size() << " acknowledged messages are lost, the first is "
                              << to_payload(lost.front());
    EXPECT_FALSE(out_of_order(arrived).has_value());
  }

  MosquittoBroker cloud_;
  ScratchDir scratch_;
  std::unique_ptr<MqttClient> collector_;
  std::vector<NumberedPublisher> publishers_{NumberedPublisher("a"), NumberedPublisher("b")};
};

TEST_F(Outage, OfTheLinkWithTheHubKilledInItLosesNothingAcknowledged) {
  publish_for(300ms);
  cloud_.stop();
  publish_for(300ms);
  restart_hard();
  publish_for(300ms);
  EXPECT_GT(upstream_queue()["waiting"], 0);
  cloud_.start();
  publish_for(300ms);
  ASSERT_TRUE(drains());
  expect_everything_arrived(ids_of(unbatched_lines()));
}

TEST_F(Outage, IsShownByStatusAndEndsWithoutHelp) {
  const auto link_is = [this](const std::string& state) {
    return eventually([&] { return hub_.cli_json({"status"})["upstream"]["state"] == state; });
  };
  EXPECT_TRUE(link_is("connected"));
  cloud_.stop();
  EXPECT_TRUE(link_is("waiting"));
  cloud_.start();
  EXPECT_TRUE(link_is("connected"));
}

TEST_F(Outage, KeepsTheAccountsOfTheQueueExact) {
  cloud_.stop();
  publish_for(200ms);
  restart_hard();
  cloud_.start();
  ASSERT_TRUE(drains());
  expect_every_account_balances();
  EXPECT_GE(upstream_queue()["delivered"], all_acked(publishers_).size());
}

// How often; more of them: HEADGATE_KILLS=100.
int kills() {
  const char* asked = std::getenv("HEADGATE_KILLS");
  return asked != nullptr ? std::atoi(asked) : 20;
}

TEST_F(Outage, OfTheHubAgainAndAgainWhilePublishersConsumersAndLinkWorkLosesNothing) {
  std::minstd_rand random(20'261'125);
  MqttClient reader(hub_.port(), {.id = "reader", .clean = false, .reconnects = true});
  ASSERT_EQ(reader.subscribe("load/#", 1), 1);
  for (int i = 0; i < kills(); ++i) {
    std::thread load([this] { publish_for(kPatience); });  // until the hub is gone
    std::this_thread::sleep_for(std::chrono::milliseconds(30 + random() % 200));
    hub_.kill_hard();
    load.join();
    hub_.start();
  }
  ASSERT_TRUE(drains());
  const std::vector<MessageId> acked = all_acked(publishers_);
  ASSERT_GT(acked.size(), static_cast<size_t>(kills())) << "there was hardly any load";
  expect_everything_arrived(ids_of(unbatched_lines()));
  EXPECT_TRUE(eventually([&] { return missing(acked, ids_of(reader.payloads())).empty(); }, 60s));
  EXPECT_FALSE(out_of_order(ids_of(reader.payloads())).has_value());
  expect_every_account_balances();
}

struct Form {
  const char* layout;
  const char* compression;
};

class OutageOfForms : public Outage, public ::testing::WithParamInterface<Form> {
 protected:
  void configure(nlohmann::json& config) override {
    Outage::configure(config);
    config["upstream"]["batch"]["layout"] = GetParam().layout;
    config["upstream"]["batch"]["compression"] = GetParam().compression;
  }
};

INSTANTIATE_TEST_SUITE_P(LayoutAndCompression, OutageOfForms,
                         ::testing::Values(Form{"columns", "zstd"}, Form{"columns", "none"},
                                           Form{"rows", "none"}));

TEST_P(OutageOfForms, LosesNothingAcknowledged) {
  cloud_.stop();
  publish_for(300ms);
  restart_hard();
  cloud_.start();
  publish_for(300ms);
  ASSERT_TRUE(drains());
  expect_everything_arrived(ids_of(unbatched_lines()));
}

TEST_F(Outage, UnbatchReadsTheCloudBroker) {
  Process unbatch(
      {program("headgate"), "unbatch", "--host", "127.0.0.1", "--port", std::to_string(cloud_.port())},
      scratch_.path() / "unbatched");
  publish_for(200ms);
  ASSERT_TRUE(drains());
  publish_for(100ms);
  EXPECT_TRUE(eventually([&] { return find_id(unbatch.output()).has_value(); })) << unbatch.output();
}

}  // namespace
}  // namespace headgate::e2e
