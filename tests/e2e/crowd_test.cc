// Crowds: ten thousand that say nothing, and a thousand that all come back at once. `headgate bench` is the
// crowd: a process of its own has a descriptor limit of its own.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kIdle = 10'000;
constexpr size_t kReturning = 1'000;

// Descriptors that this process and the programs it starts may have from now on.
rlim_t raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

class Crowd : public HubTest {
 protected:
  void SetUp() override {
    if (const rlim_t files = raise_file_limit(); files < kIdle + 500) {
      GTEST_SKIP() << "needs " << kIdle + 500 << " file descriptors a process, may have " << files
                   << ": raise the hard limit (ulimit -Hn)";
    }
    HubTest::SetUp();
    if (HasFatalFailure()) return;
    listener_ = subscriber("control");
    control_ = client();
  }
  void configure(nlohmann::json& config) override { config["limits"] = {{"connections_max", kIdle + 100}}; }

  [[nodiscard]] Process bench(Words words) {
    words.insert(words.begin(), {program("headgate"), "bench"});
    words.insert(words.end(), {"--json", "--port", std::to_string(hub_.port())});
    return {words, scratch_.path() / ("bench-" + std::to_string(++benches_))};
  }
  [[nodiscard]] static nlohmann::json report_of(Process& bench) {
    EXPECT_TRUE(bench.wait(60s).has_value());
    nlohmann::json report = nlohmann::json::parse(bench.output(), nullptr, false);
    EXPECT_TRUE(report.is_object()) << bench.output();
    return report.is_object() ? report : nlohmann::json::object();
  }

  [[nodiscard]] size_t connections() const { return hub_.cli_json({"status"})["connections"]; }
  [[nodiscard]] bool are_connected(size_t count) {
    return eventually([&] { return connections() == count + kControlPair; }, 60s);
  }
  // Who is connected may still be about to subscribe.
  [[nodiscard]] bool are_subscribed(size_t count) {
    return eventually(
        [&] {
          const nlohmann::json answer = hub_.cli_json({"client", "ls"});
          size_t subscribed = 0;
          for (const auto& one : answer["clients"])
            subscribed +=
                one["client_id"].get<std::string>().starts_with("bench-sub") && one["subscriptions"] == 1;
          return subscribed == count;
        },
        60s);
  }
  void expect_others_are_served(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(control_->publish_and_wait("control", "x", 1));
      ASSERT_TRUE(listener_->wait_received(++exchanged_));
    }
  }
  [[nodiscard]] size_t rss_bytes() const {
    size_t pages = 0;
    std::ifstream("/proc/" + std::to_string(hub_.pid()) + "/statm") >> pages >> pages;
    return pages * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  }

  static constexpr size_t kControlPair = 2;
  ScratchDir scratch_;
  std::unique_ptr<MqttClient> listener_;
  std::unique_ptr<MqttClient> control_;
  size_t exchanged_ = 0;
  int benches_ = 0;
};

TEST_F(Crowd, TenThousandIdleConnectionsAreHeldWhileOthersAreServed) {
  const size_t before = rss_bytes();
  Process crowd = bench({"conns", "-c", std::to_string(kIdle), "-d", "120", "--keep-alive", "0"});
  expect_others_are_served(50);
  ASSERT_TRUE(are_connected(kIdle)) << connections();
  expect_others_are_served(50);
  const size_t each = (rss_bytes() - before) / kIdle;
  std::printf("an idle connection costs %zu bytes of RSS\n", each);
  RecordProperty("rss_bytes_per_connection", static_cast<int>(each));
  crowd.signal(SIGINT);
  EXPECT_EQ(report_of(crowd)["connected"], kIdle) << "nobody was dropped";
  EXPECT_TRUE(are_connected(0)) << connections();
}

TEST_F(Crowd, AThousandThatAreKilledAllComeBackToTheirSessions) {
  const Words subscribers{
      "sub", "-c", std::to_string(kReturning), "--persistent", "-f", "crowd/%i", "-q", "1", "-d", "120"};
  Process first = bench(subscribers);
  ASSERT_TRUE(are_subscribed(kReturning)) << connections();
  first.kill_hard();
  ASSERT_TRUE(are_connected(0)) << connections();
  Process publisher = bench({"pub", "-c", std::to_string(kReturning), "-t", "crowd/%i", "-q", "1", "-n",
                             std::to_string(kReturning)});
  ASSERT_EQ(report_of(publisher)["acked"], kReturning);

  Words again = subscribers;
  again.insert(again.end(), {"-n", std::to_string(kReturning)});
  Process second = bench(again);
  expect_others_are_served(20);
  const nlohmann::json report = report_of(second);
  EXPECT_EQ(report["resumed"], kReturning) << "every CONNACK says session present";
  EXPECT_EQ(report["received"], kReturning) << "and everybody got what came meanwhile";
  EXPECT_EQ(report["errors"], nlohmann::json::object());
}

}  // namespace
}  // namespace headgate::e2e
