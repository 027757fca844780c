// Bad input against routes that compute: each mistake has its counter or its error, memory stays within its bound, and
// other routes and clients go on. HEADGATE_BAD_VALUES: how many different values come, 30,000 by default.
#include <unistd.h>

#include <fstream>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/support/number_from.h"

namespace headgate::e2e {
namespace {

constexpr size_t kMiB = 1024 * 1024;
constexpr size_t kStateBytesMax = 2 * kMiB;
constexpr const char* kYear9999InMs = "253402300799000";

class BadInput : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    const auto bounded = [](const char* text) {
      return nlohmann::json{{"route", text}, {"state", {{"maxBytes", kStateBytesMax}}}};
    };
    config["routes"] = {
        {"good", "SELECT count(*) AS n FROM 'good' GROUP BY Count(1) INTO Topic('counted')"},
        {"means",
         "SELECT avg($body.v) AS mean, count(*) AS n FROM 'bad' GROUP BY Count(4) INTO Topic('means')"},
        {"dated",
         "SELECT count(*) AS n, $window.start AS start FROM 'dated' TIMESTAMP BY $body.ts GROUP BY Tumbling(1m) INTO "
         "Topic('dates')"},
        {"keys",
         bounded(
             "SELECT $body.k AS k, avg($body.k) AS v FROM 'flood' GROUP BY $body.k, Tumbling(1h) INTO $null")},
        {"values",
         bounded("SELECT distinct($body.k) AS d, collect($body.k, 100) AS c, percentile($body.k, 0.9) AS p, "
                 "argmax($body.k, $body.k) AS a FROM 'flood' GROUP BY Tumbling(1h) INTO $null")},
        {"ids", bounded("FROM 'flood' WHERE dedup($body.k, 1h) INTO $null")},
        {"unbounded", "SELECT collect($body.v, 100) AS c FROM 'flood' GROUP BY Hopping(1d, 1s) INTO $null"}};
    config["log"] = {{"level", "warn"}};
  }

  [[nodiscard]] nlohmann::json route(const std::string& name) const {
    const nlohmann::json answer = hub_.cli_json({"route", "ls"});
    for (const auto& route : answer["routes"])
      if (route["name"] == name) return route;
    return {};
  }
  [[nodiscard]] size_t rss_bytes() const {
    size_t pages = 0;
    std::ifstream("/proc/" + std::to_string(hub_.pid()) + "/statm") >> pages >> pages;
    return pages * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  }
  void expect_others_are_served() {
    if (!listener_) listener_ = subscriber("counted");
    ASSERT_TRUE(client()->publish_and_wait("good", "{}", 1));
    EXPECT_TRUE(listener_->wait_received(++served_));
  }
  void publish(const std::string& topic, std::initializer_list<std::string> bodies) const {
    const auto sensor = client();
    for (const std::string& body : bodies) ASSERT_TRUE(sensor->publish_and_wait(topic, body, 1));
  }
  // Messages with a value each.
  void flood(size_t first, size_t last) const {
    const auto sensor = client();
    for (size_t k = first; k < last; ++k) {
      ASSERT_NE(sensor->publish("flood", R"({"k":)" + std::to_string(k) + "}", 1), 0u);
      ASSERT_TRUE(sensor->wait_unacked_below(500));
    }
    ASSERT_TRUE(sensor->wait_unacked_below(1));
  }

  std::unique_ptr<MqttClient> listener_;
  size_t served_ = 0;
};

TEST_F(BadInput, OfBodiesAndValuesIsCountedAndLeftOut) {
  const auto means = subscriber("means");
  publish("bad", {R"({"v":1})", "no JSON {", R"({"v":"warm"})", R"({"v":3})"});
  EXPECT_EQ(means->expect_payloads(1), std::vector<std::string>{R"({"mean":2,"n":4})"});
  const nlohmann::json told = route("means");
  EXPECT_EQ(told["type_errors"], 1) << told.dump();
  EXPECT_NE(told["type_error_last"].get<std::string>().find("avg cannot take"), std::string::npos)
      << told.dump();
  expect_others_are_served();
}

// In milliseconds it has as many digits as microseconds of our time, and is taken for these: January 1978. In ISO 8601 it
// is the year 9999, which is early, and counts as of its arrival.
TEST_F(BadInput, OfTheYear9999IsLateInMillisecondsAndEarlyInWords) {
  const auto now_s = std::to_string(std::time(nullptr));
  publish("dated", {R"({"ts":)" + now_s + "}", std::string(R"({"ts":)") + kYear9999InMs + "}",
                    R"({"ts":"9999-12-31T23:59:59Z"})", R"({"ts":"tomorrow"})"});
  EXPECT_TRUE(eventually([&] { return route("dated")["computed"]["evaluated"] == 4; }));
  const nlohmann::json told = route("dated");
  EXPECT_EQ(told["computed"]["late_dropped"], 1) << told.dump();
  EXPECT_EQ(told["computed"]["early"], 1) << told.dump();
  EXPECT_EQ(told["type_errors"], 1) << told.dump();
  EXPECT_TRUE(eventually([&] {
    return hub_.cli({"dlq", "ls"}).out.find("it came too late for its window") != std::string::npos;
  })) << hub_.cli({"dlq", "ls"}).out;
  expect_others_are_served();
}

TEST_F(BadInput, OfAPlanWithoutBoundIsRefusedWithFiguresAndAdvice) {
  const nlohmann::json told = route("unbounded");
  EXPECT_EQ(told["active"], false);
  const std::string error =
      told["error"].is_string() ? told["error"].get<std::string>() : told["error"].dump();
  EXPECT_NE(error.find("one group may need "), std::string::npos) << error;
  EXPECT_NE(error.find("16777216"), std::string::npos) << error;
  EXPECT_NE(error.find("make the window shorter"), std::string::npos) << error;
  expect_others_are_served();
}

TEST_F(BadInput, OfManyKeysAndManyValuesOfOneKeyStaysWithinTheStateAndTheMemory) {
  const size_t values = testing::number_from("HEADGATE_BAD_VALUES", 30'000);
  flood(0, values / 3);
  const size_t before = rss_bytes();
  flood(values / 3, values);
  EXPECT_TRUE(eventually([&] { return route("values")["computed"]["evaluated"] == values; }, 60s));
  const nlohmann::json keys = route("keys")["computed"], one_key = route("values")["computed"];
  EXPECT_LE(keys["state_bytes"], kStateBytesMax);
  EXPECT_GE(keys["evicted"].get<size_t>(), values - 10'000);
  EXPECT_LE(one_key["state_bytes"], 64 * 1024);
  EXPECT_EQ(one_key["groups"], 1);
  EXPECT_LE(route("ids")["computed"]["state_bytes"], kStateBytesMax);
  const size_t after = rss_bytes();
  std::printf("%zu values: RSS %.1f MiB after a third of them, %.1f MiB after all\n", values,
              static_cast<double>(before) / kMiB, static_cast<double>(after) / kMiB);
  EXPECT_LE(after, before + 3 * kStateBytesMax + 16 * kMiB);
  expect_others_are_served();
}

}  // namespace
}  // namespace headgate::e2e
