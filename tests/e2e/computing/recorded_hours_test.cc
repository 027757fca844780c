// Hours of recorded readings by event time, a twentieth of them late by up to two hours, through a kill -9 in the
// middle: the last revision of each hour equals what is computed of the file without the hub.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <random>
#include <span>

#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

constexpr size_t kLateByMax = 24;  // rows of five minutes
constexpr size_t kInFlightMax = 500;

struct Row {
  std::string time;  // "2013-12-02 21:15:00"
  double value = 0;
};

int64_t hour_ms(const std::string& time) {
  std::tm tm{};
  ::strptime(time.c_str(), "%Y-%m-%d %H", &tm);
  return int64_t{::timegm(&tm)} * 1000;
}

// PERCENTILE_CONT of SQL: between the two values that the rank falls between.
double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  const double rank = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (rank - std::floor(rank));
}

class RecordedHours : public HubTest {
 protected:
  void SetUp() override {
    const char* data = std::getenv("HEADGATE_TEST_DATA");
    if (data != nullptr) read(std::string(data) + "/machine_temperature_system_failure.csv");
    if (rows_.empty()) GTEST_SKIP() << "HEADGATE_TEST_DATA names no directory with the recorded readings";
    HubTest::SetUp();
  }
  void TearDown() override {
    if (!rows_.empty()) HubTest::TearDown();
  }
  void configure(nlohmann::json& config) override {
    config["routes"]["hours"] = {
        {"route",
         "SELECT count(*) AS n, avg($body.v) AS mean, min($body.v) AS least, max($body.v) AS most, "
         "percentile($body.v, 0.95) AS p95, $window.start AS start, $window.rev AS rev "
         "FROM 'recorded' TIMESTAMP BY $body.at GROUP BY Tumbling(1h) INTO Topic('hours')"},
        {"late", {{"policy", "revise"}, {"keep", "4h"}}}};
    config["log"] = {{"level", "warn"}};
  }

  void read(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      const size_t comma = line.find(',');
      rows_.push_back({line.substr(0, comma), std::strtod(line.c_str() + comma + 1, nullptr)});
    }
  }

  // As they come: one of twenty some rows later than it was taken.
  [[nodiscard]] std::vector<Row> arrivals() const {
    std::minstd_rand random(20'131'202);
    std::vector<std::pair<size_t, Row>> order;
    for (size_t i = 0; i < rows_.size(); ++i)
      order.emplace_back(random() % 20 == 0 ? i + random() % kLateByMax : i, rows_[i]);
    std::ranges::stable_sort(order, {}, [](const auto& placed) { return placed.first; });
    std::vector<Row> rows;
    for (auto& [place, row] : order) rows.push_back(std::move(row));
    return rows;
  }

  void publish(std::span<const Row> rows) const {
    const auto sensor = client();
    for (const Row& row : rows) {
      const nlohmann::json body = {{"at", row.time}, {"v", row.value}};
      ASSERT_NE(sensor->publish("recorded", body.dump(), 1), 0u);
      ASSERT_TRUE(sensor->wait_unacked_below(kInFlightMax));
    }
    ASSERT_TRUE(sensor->wait_unacked_below(1));
  }

  // By start: the values of each hour.
  [[nodiscard]] std::map<int64_t, std::vector<double>> hours() const {
    std::map<int64_t, std::vector<double>> hours;
    for (const Row& row : rows_) hours[hour_ms(row.time)].push_back(row.value);
    return hours;
  }

  // By start: the last revision; every (hour, revision) is there once.
  static std::map<int64_t, nlohmann::json> results(const std::vector<std::string>& bodies) {
    std::map<int64_t, nlohmann::json> last;
    for (const std::string& body : bodies) {
      nlohmann::json result = nlohmann::json::parse(body);
      const int64_t start = result["start"];
      const int64_t expected = last.contains(start) ? last[start]["rev"].get<int64_t>() + 1 : 0;
      EXPECT_EQ(result["rev"], expected) << body;
      last[start] = std::move(result);
    }
    return last;
  }

  std::vector<Row> rows_;
};

TEST_F(RecordedHours, AreThoseOfTheFileThroughAKillAndLateReadings) {
  const auto keeper = persistent_client("keeper");
  ASSERT_EQ(keeper->subscribe("hours", 1), 1);
  keeper->disconnect();
  std::vector<Row> rows = arrivals();
  rows.push_back({"2014-03-01 00:00:00", 0});  // closes what is open
  const auto middle = std::span(rows).first(rows.size() / 2);
  publish(middle);
  restart_hard();
  publish(std::span(rows).subspan(middle.size()));

  const auto expected = hours();
  const auto reader = persistent_client("keeper");
  EXPECT_TRUE(eventually([&] { return results(reader->payloads()).size() >= expected.size(); }, 60s));
  EXPECT_TRUE(eventually([&] { return hub_.cli_json({"status"})["store"]["waiting"] == 0; }, 30s));
  const auto computed = results(reader->payloads());
  ASSERT_EQ(computed.size(), expected.size());
  size_t revised = 0;
  for (const auto& [start, values] : expected) {
    ASSERT_TRUE(computed.contains(start)) << start;
    const nlohmann::json& result = computed.at(start);
    double sum = 0;
    for (const double value : values) sum += value;
    EXPECT_EQ(result["n"], values.size()) << result.dump();
    EXPECT_NEAR(result["mean"], sum / static_cast<double>(values.size()), 1e-9);
    EXPECT_EQ(result["least"], std::ranges::min(values));
    EXPECT_EQ(result["most"], std::ranges::max(values));
    EXPECT_NEAR(result["p95"], percentile(values, 0.95), 1e-9);
    revised += result["rev"] > 0 ? 1 : 0;
  }
  EXPECT_GT(revised, 100u) << "nothing came late";
}

}  // namespace
}  // namespace headgate::e2e
