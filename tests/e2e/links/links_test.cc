// Two clouds at the ends of two links: which messages go over which, and what becomes of them when one is down.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

// A cloud, and who collects there what comes.
struct Cloud {
  Cloud() { broker.start(); }

  void collect() {
    collector = std::make_unique<MqttClient>(
        broker.port(), ClientOptions{.id = "collector", .clean = false, .reconnects = true});
    ASSERT_EQ(collector->subscribe("headgate/#", 1), 1);
  }
  // What a consumer of all that came prints.
  [[nodiscard]] Finished unbatch(const ScratchDir& scratch, std::vector<std::string> options = {}) const {
    std::vector<std::string> words{program("headgate"), "unbatch"};
    words.insert(words.end(), options.begin(), options.end());
    for (const Received& batch : collector->received())
      words.push_back(scratch.write("batch-" + std::to_string(words.size()), batch.payload).string());
    return run(words, 60s);
  }
  // Bodies of the messages that came, in their order.
  [[nodiscard]] std::vector<std::string> bodies(const ScratchDir& scratch) const {
    if (collector->received().empty()) return {};
    const Finished unbatch = this->unbatch(scratch);
    EXPECT_EQ(unbatch.exit_code, 0) << unbatch.out.substr(0, 500);
    std::vector<std::string> bodies;
    std::istringstream lines(unbatch.out);
    for (std::string line; std::getline(lines, line);)
      bodies.push_back(nlohmann::json::parse(line)["body"].dump());
    return bodies;
  }

  MosquittoBroker broker;
  std::unique_ptr<MqttClient> collector;
};

class Links : public HubTest {
 protected:
  void SetUp() override {
    fiber_.collect();
    lte_.collect();
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["upstream"] = {{"batch", {{"messages_max", 20}, {"linger_ms", 20}}},
                          {"backoff", {{"base_ms", 100}, {"cap_ms", 300}}},
                          {"fail_over_s", 1}};
    config["links"] = {{"fiber", {{"host", "127.0.0.1"}, {"port", fiber_.broker.port()}}},
                       {"lte", {{"host", "127.0.0.1"}, {"port", lte_.broker.port()}, {"cost", "metered"}}}};
    config["routes"] = {
        {"readings", {{"route", "FROM 'load/#' INTO $upstream"}, {"priority", 5}}},
        {"alarms", {{"route", "FROM 'alarm/#' INTO $upstream"}, {"priority", 0}, {"link", "lte"}}}};
  }

  void publish(size_t count, const std::string& topic = "load/a") {
    const auto publisher = client();
    for (size_t i = 0; i < count; ++i)
      ASSERT_TRUE(publisher->publish_and_wait(topic, std::to_string(next_++), 1));
  }
  [[nodiscard]] bool drains(std::chrono::milliseconds patience = kPatience) const {
    return eventually(
        [this] {
          const nlohmann::json queues = hub_.cli_json({"queue", "ls"})["queues"];
          return std::ranges::all_of(queues, [](const auto& queue) { return queue["waiting"] == 0; });
        },
        patience);
  }
  [[nodiscard]] bool logs(const std::string& text) const { return hub_.logs(text); }
  // Every number that was published came over one of the links; those that came over both are counted.
  size_t expect_all_arrived() const {
    std::multiset<std::string> came;
    for (const Cloud* const cloud : {&fiber_, &lte_})
      for (std::string& body : cloud->bodies(scratch_)) came.insert(std::move(body));
    for (int i = 0; i < next_; ++i) EXPECT_GE(came.count(std::to_string(i)), 1U) << i;
    return came.size() - static_cast<size_t>(next_);
  }

  Cloud fiber_;
  Cloud lte_;
  ScratchDir scratch_;
  int next_ = 0;
};

TEST_F(Links, SendEachRouteOverThoseThatItNames) {
  publish(40);
  publish(3, "alarm/a");
  ASSERT_TRUE(drains());
  // Acknowledged by the broker; its reader may be later.
  EXPECT_TRUE(eventually([this] { return fiber_.bodies(scratch_).size() == 40U; }));
  EXPECT_TRUE(eventually([this] {
    return lte_.bodies(scratch_) == (std::vector<std::string>{"40", "41", "42"});
  }));
  const std::string queues = hub_.cli({"queue", "ls"}).out;
  EXPECT_THAT(queues, HasSubstr("$upstream "));
  EXPECT_THAT(queues, HasSubstr("$upstream:lte "));
}

TEST_F(Links, TakeOverFromEachOtherWithoutLosingAnything) {
  publish(50);
  fiber_.broker.stop();
  publish(50);
  ASSERT_TRUE(drains(20s));
  EXPECT_GE(lte_.bodies(scratch_).size(), 50U);
  restart_hard();
  publish(20);
  ASSERT_TRUE(drains(20s));
  fiber_.broker.start();
  ASSERT_TRUE(eventually(
      [this] {
        publish(1);
        return fiber_.bodies(scratch_).back() == std::to_string(next_ - 1);
      },
      40s));
  EXPECT_LE(expect_all_arrived(), 100U) << "only what was on its way travels twice";
}

TEST_F(Links, ThatAreMeteredAreNotConnectedForNothing) {
  publish(5);
  ASSERT_TRUE(drains());
  EXPECT_TRUE(hub_.logs("upstream_up link=fiber"));
  EXPECT_THAT(hub_.log(), ::testing::Not(HasSubstr("upstream_up link=lte")));
}

TEST_F(Links, CountTheirBytesAndKeepTheCountOverAKill) {
  publish(50);
  ASSERT_TRUE(drains());
  const auto link = [this] { return hub_.cli_json({"upstream", "status"})["links"][0]; };
  const uint64_t payload_bytes =
      hub_.cli_json({"upstream", "status"})["queues"][0]["payload_bytes"].get<uint64_t>();
  ASSERT_TRUE(eventually([&] { return link()["wire_bytes"] > payload_bytes; }));
  const uint64_t wire_bytes = link()["wire_bytes"].get<uint64_t>();
  EXPECT_GE(link()["day_bytes"].get<uint64_t>(), wire_bytes);
  std::this_thread::sleep_for(12s);  // the account of a link without a budget is written every ten seconds
  restart_hard();
  EXPECT_GE(link()["day_bytes"].get<uint64_t>(), wire_bytes);
  EXPECT_THAT(hub_.cli({"upstream", "status"}).out, HasSubstr("$upstream:lte"));
  EXPECT_THAT(hub_.cli({"upstream", "forecast"}).out, HasSubstr("nothing waits"));
}

TEST_F(Links, GoOverThePreferredOneThoughTheOtherIsUp) {
  hub_.config["routes"]["both"] = {{"route", "FROM 'both' INTO $upstream"}, {"link", {"lte", "fiber"}}};
  hub_.reload();
  ASSERT_TRUE(logs("routes_in_force active=3"));
  publish(3);
  ASSERT_TRUE(eventually([this] { return fiber_.bodies(scratch_).size() == 3; }));
  publish(1, "both");
  ASSERT_TRUE(eventually([this] { return lte_.bodies(scratch_).size() == 1; }));
  EXPECT_EQ(fiber_.bodies(scratch_).size(), 3U);

  lte_.broker.stop();
  publish(2, "both");
  ASSERT_TRUE(eventually([this] { return fiber_.bodies(scratch_).size() == 5; }, 20s));
}

class Budget : public Links {
 protected:
  void configure(nlohmann::json& config) override {
    Links::configure(config);
    config["upstream"]["batch"]["compressed_bytes_max"] = "4KiB";
    config["links"]["fiber"]["budget"] = {{"day_bytes", kDayBytes}};
  }
  // What compresses badly.
  void publish_noise(size_t count) {
    const auto publisher = client();
    for (size_t i = 0; i < count; ++i) {
      std::string noise;
      for (int k = 0; k < 200; ++k) noise += std::to_string(random_() % 1000000);
      ASSERT_TRUE(publisher->publish_and_wait("load/a", "\"" + noise + "\"", 1));
    }
  }
  [[nodiscard]] nlohmann::json fiber() const { return hub_.cli_json({"upstream", "status"})["links"][0]; }

  // Bytes of this start, once the socket's counters, which are read ten times a second, say no more.
  [[nodiscard]] uint64_t sent_at_rest() const {
    uint64_t sent = 0;
    EXPECT_TRUE(eventually([&] {
      const uint64_t before = sent;
      std::this_thread::sleep_for(250ms);
      sent = fiber()["wire_bytes"].get<uint64_t>();
      return sent == before;
    }));
    return sent;
  }

  static constexpr uint64_t kDayBytes = 200'000;
  std::mt19937 random_{1};
};

TEST_F(Budget, OfADayIsKeptToAlsoByAHubThatIsKilledAgainAndAgain) {
  uint64_t sent = 0;
  for (int round = 0; round < 3; ++round) {
    publish_noise(100);
    ASSERT_TRUE(drains(20s));
    sent += sent_at_rest();
    restart_hard();
  }
  EXPECT_LE(sent, kDayBytes + 8192);
  EXPECT_GT(sent, kDayBytes / 4) << "kills cost no more than what is left of their leases";
  publish_noise(500);
  ASSERT_TRUE(drains(20s)) << "the other link takes over";
  EXPECT_TRUE(eventually([this] { return fiber()["why"] == "its budget of today is used up"; }));
  EXPECT_EQ(fiber()["state"], "idle");
}

// A narrow link that brings what comes before what has waited.
class LiveLinks : public Links {
 protected:
  void configure(nlohmann::json& config) override {
    Links::configure(config);
    config["links"].erase("lte");
    config["routes"].erase("alarms");
    config["links"]["fiber"].update(
        {{"order", "live_first"}, {"rate_bytes_per_s", 4000}, {"burst_bytes", 1024}});
  }
  // Readings with a number each, and so much else that the link takes its time.
  void publish_readings(int count) {
    const auto publisher = client();
    for (int i = 0; i < count; ++i) {
      std::string noise;
      for (int k = 0; k < 16; ++k) noise += std::to_string(random_() % 1000000);
      const nlohmann::json body = {{"number", next_++}, {"noise", noise}};
      ASSERT_TRUE(publisher->publish_and_wait("load/a", body.dump(), 1));
    }
  }
  // Numbers of the readings in the order in which a consumer has them.
  [[nodiscard]] std::vector<int> arrived() const {
    std::vector<int> numbers;
    for (const std::string& body : fiber_.bodies(scratch_))
      numbers.push_back(nlohmann::json::parse(body)["number"]);
    return numbers;
  }

  std::mt19937 random_{1};
};

TEST_F(LiveLinks, BringWhatComesBeforeWhatHasWaited) {
  publish_readings(5);
  ASSERT_TRUE(drains());
  fiber_.broker.stop();
  publish_readings(400);
  fiber_.broker.start();
  ASSERT_TRUE(eventually([this] { return arrived().size() > 5; }, 20s)) << "the backlog has begun";
  publish_readings(3);
  const int newest = next_ - 1;
  ASSERT_TRUE(eventually([&] { return std::ranges::count(arrived(), newest) == 1; }, 20s));
  restart_hard();
  ASSERT_TRUE(drains(40s));
  ASSERT_TRUE(eventually([this] { return arrived().size() == static_cast<size_t>(next_); }, 20s));
  std::vector<int> numbers = arrived();
  EXPECT_GT(numbers.end() - std::ranges::find(numbers, newest), 100) << "most of the backlog came later";
  std::ranges::sort(numbers);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end()) << "and each reading once";
  EXPECT_EQ(fiber_.unbatch(scratch_, {"--verify"}).exit_code, 0) << "the chain has findings";
}

TEST_F(Links, ThatThereAreNotAreNamedWithThoseThatThereAre) {
  hub_.config["routes"]["typo"] = {{"route", "FROM 'x' INTO $upstream"}, {"link", "fibre"}};
  hub_.reload();
  ASSERT_TRUE(logs("names `fibre`, and there is no such link"));
  EXPECT_TRUE(hub_.logs("links of the configuration are fiber, lte"));
  publish(5);
  EXPECT_TRUE(drains()) << "the other routes run";
}

TEST_F(Links, OfARouteThatIsNewAreUsedAtOnce) {
  hub_.config["routes"]["new"] = {{"route", "FROM 'new' INTO $upstream"}, {"link", "lte"}};
  hub_.reload();
  ASSERT_TRUE(logs("routes_in_force active=3"));
  publish(1, "new");
  ASSERT_TRUE(eventually([this] { return lte_.bodies(scratch_).size() == 1; }));
  EXPECT_TRUE(fiber_.bodies(scratch_).empty());
}

}  // namespace
}  // namespace headgate::e2e
