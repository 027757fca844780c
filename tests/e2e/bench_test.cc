// `headgate bench` against a real Mosquitto and a real Headgate.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using Words = std::vector<std::string>;
using ::testing::HasSubstr;

Finished bench(uint16_t port, Words words) {
  words.insert(words.begin(), {program("headgate"), "bench"});
  words.insert(words.end(), {"--port", std::to_string(port)});
  return run(words, 60s);
}

nlohmann::json report(uint16_t port, Words words) {
  words.emplace_back("--json");
  const Finished finished = bench(port, words);
  EXPECT_EQ(finished.exit_code, 0) << finished.out;
  nlohmann::json parsed = nlohmann::json::parse(finished.out, nullptr, false);
  EXPECT_TRUE(parsed.is_object()) << finished.out;
  return parsed.is_object() ? parsed : nlohmann::json::object();
}

// Each of these against both brokers.
class BenchAny : public HubTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    mosquitto_.start();
  }
  [[nodiscard]] uint16_t port() const {
    return GetParam() == std::string("Headgate") ? hub_.port() : mosquitto_.port();
  }

  MosquittoBroker mosquitto_;
};

TEST_P(BenchAny, CountsEveryMessageAtEveryQosAndVersion) {
  for (const char* version : {"3.1.1", "5"}) {
    for (const char* qos : {"0", "1", "2"}) {
      const nlohmann::json run = report(port(), {"fan-in", "-n", "2000", "-q", qos, "-V", version});
      EXPECT_EQ(run["received"], 2000) << version << " " << qos;
      EXPECT_EQ(run["acked"], *qos == '0' ? 0 : 2000) << version << " " << qos;
      EXPECT_EQ(run["out_of_order"], 0);
      EXPECT_GT(run["latency_us"]["p99"], 0);
    }
  }
}

TEST_P(BenchAny, FansOut) {
  EXPECT_EQ(report(port(), {"fan-out", "--subscribers", "50", "-n", "100", "-q", "1"})["received"], 5000);
}

TEST_P(BenchAny, KeepsToItsRateAndItsTime) {
  const nlohmann::json run = report(port(), {"latency", "-r", "1000", "-d", "1"});
  EXPECT_LE(run["sent"], 1001);
  EXPECT_EQ(run["missing"], 0);
}

TEST_P(BenchAny, LeavesSessionsAndResumesThem) {
  const Words sessions{"sub", "-c", "20", "-q", "1", "-f", "kept/%i", "--persistent"};
  Words leave = sessions;
  leave.emplace_back("--leave");
  EXPECT_EQ(report(port(), leave)["connected"], 20);
  EXPECT_EQ(report(port(), {"pub", "-c", "20", "-q", "1", "-t", "kept/%i", "-n", "40"})["acked"], 40);
  Words resume = sessions;
  resume.insert(resume.end(), {"-n", "40"});
  const nlohmann::json run = report(port(), resume);
  EXPECT_EQ(run["resumed"], 20);
  EXPECT_EQ(run["received"], 40);
}

TEST_P(BenchAny, HoldsConnections) {
  const nlohmann::json run = report(port(), {"conns", "-c", "300", "-d", "0.5"});
  EXPECT_EQ(run["connected"], 300);
  EXPECT_GT(run["connect_us"]["p50"], 0);
}

INSTANTIATE_TEST_SUITE_P(Brokers, BenchAny, ::testing::Values("Mosquitto", "Headgate"),
                         [](const auto& param) { return std::string(param.param); });

TEST(Bench, SaysThatNobodyListens) {
  const Finished refused = bench(free_port(), {"pub", "-n", "1"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("connect: Connection refused (1 of 1 clients)"));
}

TEST(Bench, SaysThatItsPasswordIsWrong) {
  MosquittoBroker closed("allow_anonymous false\n");
  closed.start();
  EXPECT_THAT(bench(closed.port(), {"pub", "-n", "1", "-u", "me", "-P", "x"}).out,
              HasSubstr("not authorized"));
  EXPECT_THAT(bench(closed.port(), {"conns", "-c", "7", "-V", "5"}).out,
              HasSubstr("refused: not authorized (7 of 7 clients)"));
}

TEST(Bench, SaysThatTheHostIsUnknown) {
  EXPECT_THAT(bench(1, {"pub", "-H", "no.such.host.invalid", "-n", "1"}).out,
              HasSubstr("no.such.host.invalid"));
}

class BenchOnHub : public HubTest {};

TEST_F(BenchOnHub, EndsWithItsReportWhenInterrupted) {
  const ScratchDir scratch;
  Process endless(
      {program("headgate"), "bench", "pub", "--port", std::to_string(hub_.port()), "-r", "100", "-d", "600"},
      scratch.path() / "out");
  ASSERT_TRUE(eventually([this] { return hub_.cli_json({"status"})["messages_in"] > 5; }));
  endless.signal(SIGINT);
  ASSERT_TRUE(endless.wait().has_value());
  EXPECT_THAT(endless.output(), HasSubstr("interrupted"));
  EXPECT_THAT(endless.output(), HasSubstr("published"));
}

TEST_F(BenchOnHub, CountsClientsThatAreLost) {
  const ScratchDir scratch;
  Process holding(
      {program("headgate"), "bench", "conns", "--port", std::to_string(hub_.port()), "-c", "10", "-d", "600"},
      scratch.path() / "out");
  ASSERT_TRUE(eventually([this] { return hub_.cli_json({"status"})["connections"] == 10; }));
  hub_.kill_hard();
  EXPECT_EQ(holding.wait(), 1);
  EXPECT_THAT(holding.output(), HasSubstr("(10 of 10 clients)"));
}

}  // namespace
}  // namespace headgate::e2e
