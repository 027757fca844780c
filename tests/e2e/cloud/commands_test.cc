// Commands come down from a real Mosquitto: into queues here before a receipt goes up, once, over kills and outages.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/wrapped_hub.h"

namespace headgate::e2e {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Json = nlohmann::json;

// Someone in the cloud who gives orders and wants to know that they have arrived.
class Office {
 public:
  explicit Office(uint16_t port)
      : client_(port, ClientOptions{.id = "office", .clean = false, .reconnects = true}) {
    EXPECT_EQ(client_.subscribe("headgate/+/receipts", 1), 1);
  }

  void order(const std::string& topic, const std::string& id, const Json& what = 1) {
    EXPECT_TRUE(client_.publish_and_wait(topic, Json({{"id", id}, {"do", what}}).dump(), 1));
  }
  // By id; the last receipt counts.
  [[nodiscard]] std::map<std::string, std::string> receipts() const {
    std::map<std::string, std::string> receipts;
    for (const std::string& text : client_.payloads()) {
      const Json receipt = Json::parse(text);
      receipts[receipt["id"]] = receipt["status"];
      whys[receipt["id"]] = receipt.value("why", "");
    }
    return receipts;
  }
  [[nodiscard]] bool has_receipt(const std::string& id,
                                 std::chrono::milliseconds patience = kPatience) const {
    return eventually([&] { return receipts().contains(id); }, patience);
  }

  mutable std::map<std::string, std::string> whys;

 private:
  MqttClient client_;
};

class CommandsBase : public HubTest {
 protected:
  void SetUp() override {
    cloud_.start();
    office_ = std::make_unique<Office>(cloud_.port());
    HubTest::SetUp();
  }
  void configure(Json& config) override {
    config["hub_id"] = "site-7";
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", cloud_.port()},
                          {"batch", {{"linger_ms", 20}}},
                          {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}},
                          {"downstream",
                           {{{"topic", "#"},
                             {"remote_prefix", "sites/{hub}/"},
                             {"local_prefix", "cmd/"},
                             {"id_member", "id"}}}}};
    config["routes"] = {{"up", "FROM '#' INTO $upstream"}};
  }
  // A module that is there for good: what it gets waits for it.
  [[nodiscard]] std::vector<std::string> ids_at(MqttClient& pump) const {
    std::vector<std::string> ids;
    for (const std::string& text : pump.payloads()) ids.push_back(Json::parse(text)["id"]);
    return ids;
  }
  [[nodiscard]] std::unique_ptr<MqttClient> pump() {
    auto pump = persistent_client("pump");
    EXPECT_EQ(pump->subscribe("cmd/#", 1), 1);
    return pump;
  }
  [[nodiscard]] bool subscribed() const { return hub_.logs("downstream_subscribed"); }
  [[nodiscard]] Json downstream() const {
    return hub_.cli_json({"upstream", "status"})["links"][0]["downstream"];
  }

  MosquittoBroker cloud_;
  std::unique_ptr<Office> office_;
};

using Commands = CommandsBase;

TEST_F(Commands, ArriveHereAndAReceiptGoesUp) {
  const auto module = pump();
  ASSERT_TRUE(subscribed());
  office_->order("sites/site-7/pump/1", "c-1");
  ASSERT_TRUE(office_->has_receipt("c-1"));
  EXPECT_EQ(office_->receipts()["c-1"], "stored");
  ASSERT_TRUE(module->wait_received(1));
  EXPECT_EQ(module->received()[0].topic, "cmd/pump/1");
  office_->order("sites/site-7/pump/1", "c-1");
  EXPECT_TRUE(eventually([&] { return office_->receipts()["c-1"] == "repeated"; }));
  EXPECT_THAT(ids_at(*module), ElementsAre("c-1"));
  EXPECT_EQ(downstream()["stored"], 1);
  EXPECT_EQ(downstream()["repeated"], 1);
}

TEST_F(Commands, DoNotGoUpAgain) {
  ASSERT_TRUE(subscribed());
  office_->order("sites/site-7/a", "c-1");
  ASSERT_TRUE(office_->has_receipt("c-1"));
  ASSERT_TRUE(client()->publish_and_wait("plant/a", "reading", 1));
  EXPECT_EQ(hub_.cli_json({"upstream", "status"})["queues"][0]["waiting"], 1)
      << "only the reading: nobody takes the batch, so it stays";
}

TEST_F(Commands, WaitInTheCloudWhileTheLinkOrTheHubIsDown) {
  const auto module = pump();
  ASSERT_TRUE(subscribed());
  hub_.kill_hard();
  for (int i = 0; i < 20; ++i) office_->order("sites/site-7/a", std::to_string(i));
  hub_.start();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(office_->has_receipt(std::to_string(i)));
  const auto again = pump();
  EXPECT_TRUE(again->wait_received(20));
}

TEST_F(Commands, SayWhyTheyAreRefused) {
  hub_.config["access"]["rules"] = {
      {{"who", {{"anonymous", true}}}, {"allow", {"publish", "subscribe", "receive"}}, {"topics", {"#"}}},
      {{"who", {{"users", {"$downstream"}}}}, {"allow", {"publish"}}, {"topics", {"cmd/pump/#"}}}};
  hub_.reload();
  ASSERT_TRUE(subscribed());
  office_->order("sites/site-7/boiler/1", "c-1");
  ASSERT_TRUE(office_->has_receipt("c-1"));
  EXPECT_EQ(office_->receipts()["c-1"], "refused");
  EXPECT_EQ(office_->whys["c-1"], "'$downstream' may not publish on 'cmd/boiler/1' here");
  office_->order("sites/site-7/pump/1", "c-2");
  ASSERT_TRUE(office_->has_receipt("c-2"));
  EXPECT_EQ(office_->receipts()["c-2"], "stored");
  EXPECT_TRUE(hub_.logs("command_refused"));
}

TEST_F(Commands, AreLeftThatTheConfigurationNoLongerHas) {
  ASSERT_TRUE(subscribed());
  hub_.kill_hard();
  hub_.config["upstream"]["downstream"][0]["remote_prefix"] = "other/";
  hub_.start();
  EXPECT_TRUE(hub_.logs("downstream_left link=upstream filter=sites/site-7/#"));
  office_->order("other/a", "c-2");
  EXPECT_TRUE(office_->has_receipt("c-2"));
}

// Whoever repeats until the receipt gets each command to its module once, whenever the hub is killed.
TEST_F(Commands, ArriveOnceIfTheyAreRepeatedOverKills) {
  (void)pump();
  ASSERT_TRUE(subscribed());
  std::mt19937 random(7);
  constexpr int kCommands = 12;
  for (int i = 0; i < kCommands; ++i) {
    const std::string id = std::to_string(i);
    for (int attempt = 0; attempt < 50 && !office_->has_receipt(id, 300ms); ++attempt) {
      office_->order("sites/site-7/a", id);
      if (attempt > 0) continue;
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
      restart_hard();
    }
    EXPECT_TRUE(office_->has_receipt(id)) << id;
  }
  const auto module = pump();
  EXPECT_TRUE(module->wait_received(kCommands));
  std::vector<std::string> ids = ids_at(*module);
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end()) << "one came twice";
  EXPECT_EQ(ids.size(), static_cast<size_t>(kCommands));
}

class CommandsOnAHangingDisk : public CommandsBase {
 protected:
  void hang() const { std::ofstream(hangs_) << "hangs"; }
  void go_on() const { std::filesystem::remove(hangs_); }

  ScratchDir scratch_;
  std::string hangs_ = (scratch_.path() / "hangs").string();
  WrappedHub wrapped_{
      "env LD_PRELOAD=" HEADGATE_BUILT_BIN_DIR "/libheadgate_hanging_disk.so HEADGATE_DISK_HANGS=" + hangs_};
};

// The broker has its acknowledgement by then and never sends the command again: without a receipt its sender does.
TEST_F(CommandsOnAHangingDisk, GetNoReceiptBeforeTheSyncAndArriveOnceAfterAKill) {
  (void)pump();
  ASSERT_TRUE(subscribed());
  hang();
  office_->order("sites/site-7/a", "c-1");
  ASSERT_TRUE(eventually([&] { return downstream()["received"] == 1; }));
  EXPECT_FALSE(office_->has_receipt("c-1", 500ms));
  hub_.kill_hard();
  go_on();
  hub_.start();
  EXPECT_FALSE(office_->has_receipt("c-1", 1s)) << "the broker does not send it again";
  office_->order("sites/site-7/a", "c-1");
  ASSERT_TRUE(office_->has_receipt("c-1"));
  const auto module = pump();
  EXPECT_TRUE(module->wait_received(1));
  EXPECT_THAT(ids_at(*module), ElementsAre("c-1"));
}

class CommandsOverLinks : public CommandsBase {
 protected:
  void configure(Json& config) override {
    CommandsBase::configure(config);
    const Json downstream = config["upstream"]["downstream"];
    config["upstream"] = {{"backoff", {{"base_ms", 50}, {"cap_ms", 200}}}};
    config["links"] = {
        {"fiber", {{"host", "127.0.0.1"}, {"port", cloud_.port()}, {"downstream", downstream}}},
        {"spare",
         {{"host", "127.0.0.1"}, {"port", cloud_.port()}, {"protocol", 4}, {"downstream", downstream}}}};
  }
};

TEST_F(CommandsOverLinks, ArriveOnceAlsoIfTwoLinksBringThem) {
  const auto module = pump();
  ASSERT_TRUE(hub_.logs("downstream_subscribed link=fiber"));
  ASSERT_TRUE(hub_.logs("downstream_subscribed link=spare"));
  office_->order("sites/site-7/a", "c-1");
  ASSERT_TRUE(module->wait_received(1));
  EXPECT_TRUE(eventually([&] {
    const Json links = hub_.cli_json({"upstream", "status"})["links"];
    return links[0]["downstream"]["receipts"] == 1 && links[1]["downstream"]["receipts"] == 1;
  }));
  EXPECT_THAT(ids_at(*module), ElementsAre("c-1"));
}

}  // namespace
}  // namespace headgate::e2e
