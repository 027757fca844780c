// kill -9 in the middle of windows: a result is given once, and counts what was acknowledged, all of it, once.
#include <set>

#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

constexpr int kReadings = 150;

class Computing : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {
        {"counts",
         "SELECT count(*) AS n, sum($body.v) AS v, $window.start AS t0 FROM 'load/#' GROUP BY Tumbling(500ms) "
         "INTO Topic('out')"},
        {"last", "SELECT $body.n AS n FROM 'out' INTO Topic('again')"}};
    config["log"] = {{"level", "warn"}};
  }

  // Readings 1, 2, 3, …, one after the other is acknowledged.
  void publish_until(int last) {
    auto sensor = client();
    for (; published_ < last; ++published_) {
      const std::string body = R"({"v":)" + std::to_string(published_ + 1) + "}";
      ASSERT_TRUE(sensor->publish_and_wait("load/a", body, 1));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  struct Sums {
    int count = 0;
    int values = 0;
    size_t windows = 0;
    std::set<std::string> starts;
  };
  static Sums sums_of(const std::vector<std::string>& bodies) {
    Sums sums;
    for (const std::string& body : bodies) {
      const nlohmann::json result = nlohmann::json::parse(body);
      sums.count += result["n"].get<int>();
      sums.values += result["v"].get<int>();
      sums.starts.insert(result["t0"].dump());
      ++sums.windows;
    }
    return sums;
  }

  int published_ = 0;
};

TEST_F(Computing, CountsEachReadingOnceThroughKillsInTheMiddleOfWindows) {
  ASSERT_EQ(persistent_client("keeper")->subscribe("out", 1), 1);
  for (const int last : {50, 90, kReadings}) {
    publish_until(last);
    restart_hard();
  }
  auto keeper = persistent_client("keeper");
  EXPECT_TRUE(eventually([&] { return sums_of(keeper->payloads()).count >= kReadings; }, 30s));
  const Sums sums = sums_of(keeper->payloads());
  EXPECT_EQ(sums.count, kReadings);
  EXPECT_EQ(sums.values, kReadings * (kReadings + 1) / 2);
  EXPECT_EQ(sums.starts.size(), sums.windows) << "a window gave its result twice";
  EXPECT_GE(sums.windows, 2u);
}

TEST_F(Computing, SaysWhatARouteHasComputed) {
  auto listener = subscriber("again");
  publish_until(5);
  EXPECT_TRUE(eventually([&] { return !listener->payloads().empty(); }, 30s));
  const nlohmann::json answer = hub_.cli_json({"route", "ls"});
  for (const auto& route : answer["routes"]) {
    if (route["name"] != "counts") continue;
    EXPECT_EQ(route["matched"], 5);
    EXPECT_EQ(route["computed"]["evaluated"], 5);
    EXPECT_GE(route["computed"]["results"].get<int>(), 1);
    return;
  }
  ADD_FAILURE() << answer.dump();
}

}  // namespace
}  // namespace headgate::e2e
