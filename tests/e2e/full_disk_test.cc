// A disk that is full, as the real hub meets it: a small file system of its own, in memory. Only root may
// mount one.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>
#include <set>

#include "tests/e2e/http/http_client.h"
#include "tests/e2e/support/chain_module.h"
#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kQuotaExceeded = 0x97;
constexpr size_t kBodyBytes = 32 * 1024;

class FullDisk : public HubTest {
 protected:
  void SetUp() override {
    if (!mount_small_disk()) GTEST_SKIP() << "cannot mount a tmpfs: " << std::strerror(errno);
    HubTest::SetUp();
    auto consumer = persistent_client("consumer");
    ASSERT_EQ(consumer->subscribe("fill/#", 1), 1);
    consumer->disconnect();
  }
  void configure(nlohmann::json& config) override { config["admin"]["http"]["port"] = http_port_; }
  // What a load balancer is told.
  [[nodiscard]] HttpAnswer readiness() const { return ask(http_port_, request({.target = "/readyz"})); }
  void TearDown() override {
    HubTest::TearDown();
    if (!mounted_) return;
    ::umount2(hub_.data_dir().c_str(), MNT_DETACH);
  }

  // Nobody but this process and its children sees it.
  bool mount_small_disk() {
    std::filesystem::create_directories(hub_.data_dir());
    mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
               ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("headgate-test", hub_.data_dir().c_str(), "tmpfs", 0, "size=96m") == 0;
    return mounted_;
  }

  // Begins with a number, and cannot be compressed.
  std::string body() {
    std::string text = std::to_string(++bodies_) + " ";
    const size_t head = text.size();
    text.resize(kBodyBytes);
    std::generate(text.begin() + static_cast<ptrdiff_t>(head), text.end(),
                  [this] { return static_cast<char>(random_()); });
    return text;
  }
  static std::string number_of(const std::string& body) { return body.substr(0, body.find(' ')); }

  // True if it was acknowledged; remembers it then.
  bool publish(MqttClient& publisher, const std::string& topic = "fill/t") {
    const std::string text = body();
    if (!publisher.publish_and_wait(topic, text, 1)) return false;
    acked_.insert(number_of(text));
    return true;
  }
  // What is guessed first is on the safe side, so a refusal may be followed by room.
  void publish_until_refused(const std::string& topic = "fill/t") {
    const auto publisher = client();
    for (int refused = 0; refused < 3;) {
      if (publish(*publisher, topic)) {
        refused = 0;
        continue;
      }
      ASSERT_EQ(publisher->last_publish_code(), kQuotaExceeded);
      ++refused;
      std::this_thread::sleep_for(1100ms);  // it looks at the disk once a second
    }
    EXPECT_GT(acked_.size(), 1'000u);
  }
  [[nodiscard]] bool takes_messages_again() {
    const auto publisher = client();
    return eventually(
        [&] {
          if (publish(*publisher)) return true;
          std::this_thread::sleep_for(300ms);
          return false;
        },
        90s);
  }
  // Connects, and has acknowledged everything that was acknowledged to publishers.
  void expect_consumer_gets_everything() {
    const auto consumer = persistent_client("consumer");
    std::set<std::string> got;
    const auto everything = [&] {
      if (!consumer->wait_received(acked_.size(), 1s)) return false;
      for (const std::string& text : consumer->payloads()) got.insert(number_of(text));
      return std::ranges::includes(got, acked_);
    };
    EXPECT_TRUE(eventually(everything, 60s)) << got.size() << " of " << acked_.size();
    EXPECT_TRUE(eventually([this] { return waiting() == 0; }, 30s)) << "acknowledgements go on";
    consumer->disconnect();
  }
  [[nodiscard]] uint64_t waiting() const { return hub_.cli_json({"status"})["store"]["waiting"]; }
  [[nodiscard]] nlohmann::json disk() const { return hub_.cli_json({"status"})["store"]["disk"]; }

  [[nodiscard]] std::string foreign_file() const { return hub_.data_dir() + "/foreign"; }
  void fill_with_a_foreign_file() const {
    std::ofstream file(foreign_file(), std::ios::binary);
    const std::string piece(64 * 1024, 'x');
    while (file.write(piece.data(), static_cast<std::streamsize>(piece.size())) && file.flush()) continue;
  }

  uint16_t http_port_ = free_port();
  std::minstd_rand random_;
  uint64_t bodies_ = 0;
  std::set<std::string> acked_;
  bool mounted_ = false;
};

TEST_F(FullDisk, RefusesPublishersAndTakesThemAgainOnceItsQueuesAreDrained) {
  publish_until_refused();
  EXPECT_EQ(disk()["low"], true);
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("LOW"));
  EXPECT_EQ(readiness().status, 503);
  EXPECT_THAT(readiness().body, HasSubstr("\"reason\":\"disk_low\""));
  expect_consumer_gets_everything();
  EXPECT_TRUE(takes_messages_again());
  EXPECT_TRUE(eventually([this] { return readiness().status == 200; }));
  EXPECT_TRUE(hub_.logs("disk_low"));
  EXPECT_TRUE(hub_.logs("disk_room"));
  EXPECT_THAT(hub_.log(), Not(HasSubstr("store_failed"))) << "it never was really full";
}

TEST_F(FullDisk, LosesNothingWhenItIsKilledAndStarted) {
  publish_until_refused();
  restart_hard();
  restart_hard();
  expect_consumer_gets_everything();
  EXPECT_TRUE(takes_messages_again());
}

TEST_F(FullDisk, GoesOnInTheReserveWhenSomebodyElseFillsIt) {
  {
    const auto publisher = client();
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(publish(*publisher));
    ASSERT_TRUE(eventually([this] { return disk()["reserve_bytes"] > 0; }));
    fill_with_a_foreign_file();
    EXPECT_TRUE(
        eventually([&] { return !publish(*publisher); }));  // room that was set aside is used up first
  }
  EXPECT_TRUE(eventually([this] { return disk()["low"] == true && disk()["reserve_bytes"] == 0; }));
  restart_hard();
  expect_consumer_gets_everything();
  std::filesystem::remove(foreign_file());
  EXPECT_TRUE(takes_messages_again());
  EXPECT_TRUE(eventually([this] { return disk()["reserve_bytes"] > 0; }));
}

// Module `m` takes what is published to `work`, and what it makes of that goes upstream, where nobody takes it.
class FullDiskWithAChain : public FullDisk, public ::testing::WithParamInterface<broker::Version> {
 protected:
  void configure(nlohmann::json& config) override {
    FullDisk::configure(config);
    config["routes"] = {{"in", "FROM 'work' INTO BrokeredEndpoint('/modules/m/inputs/i')"},
                        {"up", "FROM 'results' INTO $upstream"}};
  }
  [[nodiscard]] ChainModule module(const std::vector<std::string>& again = {}) const {
    return {hub_.port(), {"m", "modules/m/inputs/i", "results", GetParam(), 1'000}, again};
  }
  // The hub ends a connection whose publishes it could not store, and the module comes again.
  [[nodiscard]] bool drains_however_often_it_connects() const {
    std::vector<std::string> open;
    for (int connections = 0; connections < 9; ++connections) {
      ChainModule module = this->module(open);
      const auto drained = [&] {
        return count("modules/m/inputs/i", "waiting") == 0 && module.outputs_unanswered().empty();
      };
      if (module.work_until(drained, 10s)) return true;
      open = module.outputs_unanswered();
    }
    return false;
  }
  // An output of each input is durable, and each input is done with.
  [[nodiscard]] bool drained(const std::set<std::string>& outputs) const {
    return std::ranges::includes(outputs, acked_) && count("modules/m/inputs/i", "waiting") == 0;
  }
  [[nodiscard]] uint64_t count(const std::string& queue, const std::string& what) const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& it : answer["queues"])
      if (it["name"] == queue) return it[what];
    return 0;
  }
};

// A compaction may fill the disk for a moment in which the hub ends connections: the module comes again.
TEST_P(FullDiskWithAChain, DrainsAndPartsNoInputFromTheOutputItCaused) {
  publish_until_refused("work");
  std::set<std::string> outputs;
  std::vector<std::string> open;
  for (int connections = 0; connections < 5 && !drained(outputs); ++connections) {
    ChainModule module = this->module(open);
    (void)module.work_until(
        [&] { return outputs.size() + module.outputs_acknowledged().size() >= acked_.size(); }, 20s);
    (void)module.work_until([&] { return count("modules/m/inputs/i", "waiting") == 0; }, 10s);
    EXPECT_EQ(module.outputs_refused(), 0u);
    outputs.insert(module.outputs_acknowledged().begin(), module.outputs_acknowledged().end());
    open = module.outputs_unanswered();
  }
  EXPECT_TRUE(drained(outputs)) << outputs.size() << " outputs acknowledged of " << acked_.size();
  EXPECT_GE(count("$upstream", "waiting"), acked_.size());
}

TEST_P(FullDiskWithAChain, SendsInputsAgainWhoseOutputsWereHeldWhenTheHubWent) {
  publish_until_refused("work");
  fill_with_a_foreign_file();
  EXPECT_TRUE(eventually([this] { return disk()["stopped"] == "consumers"; }));
  {
    ChainModule module = this->module();
    EXPECT_FALSE(module.work_until([] { return false; }, 2s));
    EXPECT_EQ(module.outputs_refused(), 0u);
    EXPECT_GE(count("modules/m/inputs/i", "waiting") + module.outputs_acknowledged().size(), acked_.size());
    restart_hard();
  }
  std::filesystem::remove(foreign_file());
  EXPECT_TRUE(drains_however_often_it_connects());
  EXPECT_GE(count("$upstream", "waiting"), acked_.size());
}

INSTANTIATE_TEST_SUITE_P(InBothVersions, FullDiskWithAChain,
                         ::testing::Values(broker::Version::v3_1_1, broker::Version::v5));

TEST_F(FullDisk, StoresForQueuesWhenItStoresNothingMoreForSessionsAlone) {
  publish_until_refused();
  EXPECT_NE(disk()["stopped"], "nothing");  // a merge may take more for a while
  hub_.config["routes"] = {{"up", "FROM 'alarm' INTO $upstream"}};
  restart_hard();
  EXPECT_TRUE(eventually([this] { return disk()["stopped"] == "sessions"; }));
  EXPECT_TRUE(client()->publish_and_wait("alarm", "hot", 1));
}

}  // namespace
}  // namespace headgate::e2e
