// The wall clock is set under a running hub and while it is away, as NTP does on a gateway without a battery.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using ::testing::ElementsAre;

constexpr const char* kFakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

// The hub sees the wall clock that a file says; clocks that count from the start of the machine are the real ones.
class WallClock : public HubTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(kFakeTime)) << "install Debian's package faketime";
    set_clock("-3d");
    hub_.under = {"env", std::string("LD_PRELOAD=") + kFakeTime, "FAKETIME_DONT_FAKE_MONOTONIC=1",
                  "FAKETIME_NO_CACHE=1", "FAKETIME_TIMESTAMP_FILE=" + file_};
    HubTest::SetUp();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", {{"route", "FROM 'up/#' INTO $upstream"}, {"timeToLiveSecs", 3600}}}};
  }

  // As so much before or after the real one; renamed, so that nobody reads half of it.
  void set_clock(const std::string& offset) {
    std::filesystem::rename(dir_.write("clock.new", offset + "\n"), file_);
  }
  void set_clock_and_wait(const std::string& offset) {
    const size_t seen = count("clock_set");
    set_clock(offset);
    ASSERT_TRUE(eventually([&] { return count("clock_set") > seen; })) << hub_.log();
  }
  [[nodiscard]] size_t count(const std::string& event) const {
    const std::string log = hub_.log();
    size_t times = 0;
    for (size_t at = log.find(event); at != std::string::npos; at = log.find(event, at + 1)) ++times;
    return times;
  }

  void publish(const std::string& topic, const std::string& body, int lives_s, bool retain = false) {
    std::vector<std::string> words{"mosquitto_pub",
                                   "-V",
                                   "5",
                                   "-p",
                                   std::to_string(hub_.port()),
                                   "-q",
                                   "1",
                                   "-t",
                                   topic,
                                   "-m",
                                   body,
                                   "-D",
                                   "publish",
                                   "message-expiry-interval",
                                   std::to_string(lives_s)};
    if (retain) words.emplace_back("-r");
    const Finished sent = run(words);
    ASSERT_EQ(sent.exit_code, 0) << sent.out;
  }
  void make_durable_reader() { ASSERT_EQ(persistent_client("reader")->subscribe("t/#", 1), 1); }
  [[nodiscard]] std::vector<std::string> what_waits_for_the_reader(size_t count) {
    return persistent_client("reader")->expect_payloads(count);
  }
  [[nodiscard]] uint64_t in_queue(const std::string& name, const char* field) const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : answer["queues"]) {
      if (queue["name"] == name) return queue[field];
    }
    return 0;
  }

  ScratchDir dir_;
  std::string file_ = (dir_.path() / "clock").string();
};

TEST_F(WallClock, ThatNtpSetsThreeDaysAheadEndsNothing) {
  make_durable_reader();
  publish("t/a", "waits", 3600);
  publish("t/kept", "retained", 3600, true);
  publish("up/a", "goes up", 3600);
  set_clock_and_wait("+0");
  std::this_thread::sleep_for(2500ms);  // ticks that would end it
  EXPECT_EQ(in_queue("session/reader", "expired"), 0u);
  EXPECT_EQ(in_queue("$upstream", "waiting"), 1u);
  EXPECT_THAT(what_waits_for_the_reader(2), ElementsAre("waits", "retained"));
  const auto later = client();
  ASSERT_EQ(later->subscribe("t/kept", 1), 1);
  EXPECT_THAT(later->expect_payloads(1), ElementsAre("retained"));
  const nlohmann::json status = hub_.cli_json({"status"});
  EXPECT_LT(status["uptime_s"], 120);
}

TEST_F(WallClock, ThatIsSetBackProlongsNothing) {
  set_clock_and_wait("+3d");
  make_durable_reader();
  publish("t/a", "short", 4);
  publish("t/b", "long", 3600);
  set_clock_and_wait("-3d");
  EXPECT_TRUE(eventually([this] { return in_queue("session/reader", "expired") == 1; }));
  EXPECT_THAT(what_waits_for_the_reader(1), ElementsAre("long"));
  const nlohmann::json status = hub_.cli_json({"status"});
  EXPECT_GE(status["uptime_s"], 0);
  EXPECT_LT(status["uptime_s"], 120);
}

TEST_F(WallClock, ThatIsSetWhileTheHubIsKilledEndsNothingAndProlongsNothing) {
  make_durable_reader();
  publish("t/a", "short", 4);
  publish("t/b", "long", 3600);
  publish("up/a", "goes up", 3600);
  hub_.kill_hard();
  set_clock("+0");
  hub_.start();
  EXPECT_TRUE(eventually([this] { return in_queue("session/reader", "expired") == 1; }));
  EXPECT_EQ(in_queue("$upstream", "waiting"), 1u);
  hub_.kill_hard();
  set_clock("-30d");
  hub_.start();
  publish("t/c", "short too", 2);
  EXPECT_TRUE(eventually([this] { return in_queue("session/reader", "expired") == 2; }));
  EXPECT_THAT(what_waits_for_the_reader(1), ElementsAre("long"));
}

// Certificates made today, by the hub's clock not valid for another three days: the client's, and the cloud's.
class WallClockAndCertificates : public WallClock {
 protected:
  void SetUp() override {
    cloud_.start();
    WallClock::SetUp();
  }
  void configure(nlohmann::json& config) override {
    WallClock::configure(config);
    config["listeners"] += {{"transport", "tls"},
                            {"port", tls_},
                            {"tls",
                             {{"cert_file", certificates_.file("hub.pem")},
                              {"key_file", certificates_.file("hub.key")},
                              {"client_ca_file", certificates_.file("ca.pem")},
                              {"require_client_certificate", true}}}};
    config["upstream"] = {{"host", "localhost"},
                          {"port", cloud_.port()},
                          {"tls", {{"ca_file", certificates_.file("ca.pem")}}},
                          {"backoff", {{"base_ms", 100}, {"cap_ms", 500}}}};
  }
  [[nodiscard]] int publish_as(const std::string& who) const {
    return run({"mosquitto_pub", "-h", "localhost", "-p", std::to_string(tls_), "-q", "1", "-t", "t", "-m",
                "x", "--cafile", certificates_.file("ca.pem"), "--cert", certificates_.file(who + ".pem"),
                "--key", certificates_.file(who + ".key")})
        .exit_code;
  }

  Certificates certificates_;
  uint16_t tls_ = free_port();
  MosquittoBroker cloud_{"allow_anonymous true\ncafile " + certificates_.file("ca.pem") + "\ncertfile " +
                         certificates_.file("hub.pem") + "\nkeyfile " + certificates_.file("hub.key") + "\n"};
};

TEST_F(WallClockAndCertificates, ThatAreNotValidYetAreUsedWithAWarningWhileItIsUnsynced) {
  EXPECT_EQ(publish_as("client"), 0);
  EXPECT_NE(publish_as("stranger"), 0);
  EXPECT_TRUE(eventually([this] { return hub_.cli_json({"status"})["upstream"]["state"] == "connected"; }));
  EXPECT_EQ(count("certificate_dates_ignored"), 2u);
  EXPECT_EQ(hub_.cli_json({"status"})["clock_unsynced"], 1);
}

}  // namespace
}  // namespace headgate::e2e
