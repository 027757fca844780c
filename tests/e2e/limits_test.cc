// Readers that do not read, and what the hub says of itself under $SYS, beside a real Mosquitto.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using namespace std::literals;

class SlowReaders : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["limits"]["write_buffer_bytes_max"] = 65'536;
    config["limits"]["queued_bytes_max"] = 1'048'576;
    config["limits"]["slow_reader_timeout_s"] = 2;
  }
};

TEST_F(SlowReaders, AreClosedAndNobodyElseNotices) {
  RawSocket stuck(hub_.port());  // "stuck", 3.1.1, subscribed to load/#; it reads its SUBACK and no more
  stuck.send("\x10\x11\0\4MQTT\4\2\0\x3C\0\5stuck\x82\x0B\0\1\0\6load/#\0"sv);
  ASSERT_TRUE(stuck.receive(9));
  auto control = subscriber("load/#", 1);
  auto publisher = client();
  const std::string payload(30'000, 'x');
  constexpr size_t kMessages = 600;  // more than the kernel's buffers of one socket hold
  constexpr size_t kBehindMax = 10;  // of who reads, also where it has little of the processor
  for (size_t i = 1; i <= kMessages; ++i) {
    ASSERT_TRUE(publisher->publish_and_wait("load/a", payload, 1));
    if (i % kBehindMax == 0) {
      ASSERT_TRUE(control->wait_received(i));
    }
  }
  EXPECT_TRUE(hub_.logs("client=stuck reason=\"slow reader\""));
  const auto status = hub_.cli_json({"status"});
  EXPECT_EQ(status["clients"]["closed"]["slow_reader"], 1);
  EXPECT_GT(status["dropped"]["slow_reader"], 0);
  EXPECT_TRUE(hub_.logs("messages_dropped client=stuck"));
}

class RetainedLimit : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["limits"]["retained_messages_max"] = 3;
    config["routes"]["up"] = "FROM /messages/* INTO $upstream";
  }
};

TEST_F(RetainedLimit, KeepsNothingFromARouteAndASubscriber) {
  auto live = subscriber("state/#", 1);
  auto old = client({.protocol = Protocol::v311});
  auto five = client();
  for (int i = 0; i < 6; ++i) {
    const std::string topic = "state/" + std::to_string(i);
    ASSERT_TRUE((i % 2 == 0 ? old : five)->publish_and_wait(topic, "x", 1, true)) << topic;
  }
  EXPECT_TRUE(live->wait_received(6));
  const auto status = hub_.cli_json({"status"});
  EXPECT_EQ(status["publishes"]["not_retained"], 3);
  EXPECT_EQ(status["store"]["waiting"], 6);
  EXPECT_TRUE(hub_.logs(" not_retained topic=state/3 "));
  restart_hard();
  EXPECT_EQ(subscriber("state/#")->expect_payloads(3).size(), 3u);
}

// Timers that the kernel runs for the connections of a port (proc(5), /proc/net/tcp): "02" is that of keep-alive.
std::vector<std::string> timers_of(uint16_t port) {
  std::ifstream table("/proc/net/tcp");
  std::vector<std::string> timers;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, queues, timer;
    words >> slot >> local >> remote >> state >> queues >> timer;
    const bool established = state == "01";
    if (established && std::stoul(local.substr(local.find(':') + 1), nullptr, 16) == port)
      timers.push_back(timer);
  }
  return timers;
}

class DeadPeers : public HubTest {};

TEST_F(DeadPeers, AreLookedForByTheKernelWhateverKeepAliveTheyAskedFor) {
  RawSocket silent(hub_.port());
  silent.send("\x10\x0D\0\4MQTT\4\2\0\0\0\1s"sv);
  ASSERT_TRUE(silent.receive(4));
  const auto timers = timers_of(hub_.port());
  ASSERT_EQ(timers.size(), 1u);
  EXPECT_TRUE(timers[0].starts_with("02:")) << timers[0];
  EXPECT_LE(std::stoul(timers[0].substr(3), nullptr, 16), 6000u)
      << "hundredths of a second to the first question";
}

// A 3.1.1 client subscribes to everything, without clean session, and never comes back.
class AbandonedSession : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["store"]["session_bytes_max"] = 100'000;
    config["limits"]["session_expiry_s_default"] = 15;
  }
  void SetUp() override {
    HubTest::SetUp();
    ASSERT_EQ(persistent_client("abandoned", Protocol::v311)->subscribe("#", 1), 1);
  }
  [[nodiscard]] nlohmann::json queue(const std::string& name) const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& one : answer["queues"]) {
      if (one["name"] == name) return one;
    }
    return {};
  }
  [[nodiscard]] bool logs(const std::string& text) const { return hub_.logs(text, 60s); }
};

TEST_F(AbandonedSession, HoldsNoMoreThanItMayAndTheRestGoesOn) {
  auto publisher = client();
  const std::string payload(10'000, 'x');
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(publisher->publish_and_wait("load/a", payload, 1));
  EXPECT_EQ(queue("$upstream")["waiting"], 50);
  const uint64_t held = queue("session/abandoned")["waiting"];
  EXPECT_LE(queue("session/abandoned")["waiting_bytes"], 100'000);
  EXPECT_TRUE(logs("session_dropped client=abandoned messages=" + std::to_string(held)));
  EXPECT_TRUE(queue("session/abandoned").is_null());
  const Finished status = hub_.cli({"status"});
  EXPECT_THAT(status.out, ::testing::HasSubstr("session expired " + std::to_string(held)));
  EXPECT_EQ(queue("$upstream")["waiting"], 50);
}

TEST_F(AbandonedSession, EndsInTimeThoughTheHubWasKilledMeanwhile) {
  ASSERT_TRUE(client()->publish_and_wait("load/a", "x", 1));
  restart_hard();
  EXPECT_TRUE(logs("session_dropped client=abandoned messages=1"));
  EXPECT_EQ(queue("$upstream")["waiting"], 1);
}

class SysTopics : public HubTest {
 protected:
  // Topics under $SYS that mosquitto_sub sees within two seconds.
  static std::set<std::string> topics_of(uint16_t port) {
    const Finished seen =
        run({"mosquitto_sub", "-p", std::to_string(port), "-t", "$SYS/#", "-F", "%t", "-W", "2"});
    std::set<std::string> topics;
    std::istringstream lines(seen.out);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("$SYS/")) topics.insert(line);
    }
    return topics;
  }
};

TEST_F(SysTopics, IncludeEveryOneOfMosquittos) {
  MosquittoBroker mosquitto;
  mosquitto.start();
  const auto theirs = topics_of(mosquitto.port());
  const auto ours = topics_of(hub_.port());
  EXPECT_GT(theirs.size(), 40u);
  for (const std::string& topic : theirs) EXPECT_TRUE(ours.contains(topic)) << topic;
}

TEST_F(SysTopics, HaveTheFormsThatDashboardsRead) {
  const auto value = [this](const std::string& topic) {
    return run({"mosquitto_sub", "-p", std::to_string(hub_.port()), "-t", topic, "-C", "1", "-W", "5", "-F",
                "%r %p"})
        .out;
  };
  EXPECT_THAT(value("$SYS/broker/uptime"), ::testing::MatchesRegex("1 [0-9]+ seconds\n"));
  EXPECT_THAT(value("$SYS/broker/version"), ::testing::StartsWith("1 headgate version "));
  EXPECT_EQ(value("$SYS/broker/clients/connected"), "1 1\n");
  EXPECT_THAT(value("$SYS/broker/load/sockets/1min"), ::testing::MatchesRegex("1 [0-9]+\\.[0-9][0-9]\n"));
  EXPECT_EQ(value("$SYS/headgate/durability"), "1 sync\n");
}

}  // namespace
}  // namespace headgate::e2e
