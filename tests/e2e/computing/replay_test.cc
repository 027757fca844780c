// Messages that a hub keeps, and routes that are run over them again: while it runs, after kill -9, and when it is
// stopped. What waits in its queues stays.
#include <filesystem>
#include <fstream>

#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

constexpr int kHistoryReadings = 10;

class Replaying : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["history"] = {{"filter", "plant/#"}, {"maxBytes", "1MiB"}};
    config["routes"] = {
        {"big", "FROM 'plant/#' WHERE $body.v > 5 INTO $upstream"},
        {"sums",
         "SELECT count(*) AS n, sum($body.v) AS v FROM 'plant/#' GROUP BY Tumbling(500ms) INTO "
         "Topic('sums')"}};
  }

  void publish_until(int last, int qos = 1) {
    auto sensor = client();
    for (; published_ < last; ++published_)
      ASSERT_TRUE(
          sensor->publish_and_wait("plant/a", R"({"v":)" + std::to_string(published_ + 1) + "}", qos));
  }
  std::string bigger() const {
    const std::string path = (files_.path() / "bigger.json").string();
    std::ofstream(path)
        << R"json({"routes": {"big": "FROM 'plant/#' WHERE $body.v > 7 INTO $upstream"}})json";
    return path;
  }
  nlohmann::json counts_of(const nlohmann::json& replay, const std::string& route) {
    for (const auto& one : replay["routes"])
      if (one["name"] == route) return one;
    ADD_FAILURE() << replay.dump();
    return {};
  }
  uint64_t waiting(const std::string& queue) {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& one : answer["queues"])
      if (one["name"] == queue) return one["waiting"].get<uint64_t>();
    return 0;
  }

  ScratchDir files_;
  int published_ = 0;
};

TEST_F(Replaying, ComparesAFileWithTheRoutesInForceThroughAKill) {
  publish_until(6);
  restart_hard();
  publish_until(kHistoryReadings);
  EXPECT_TRUE(eventually([&] { return waiting("$history") == kHistoryReadings; }));
  const nlohmann::json replay = hub_.cli_json({"route", "replay", bigger(), "--since", "1h", "--diff"});
  EXPECT_EQ(replay["messages"], kHistoryReadings);
  const nlohmann::json big = counts_of(replay, "big");
  EXPECT_EQ(big["same"], 3);
  EXPECT_EQ(big["gone"], 2);
  EXPECT_EQ(big["added"], 0);
  EXPECT_EQ(replay["changes"].size(), 2u);
  EXPECT_EQ(replay["changes"][0]["row"]["body"], nlohmann::json({{"v", 6}}));
  EXPECT_EQ(waiting("$upstream"), 5u);
  EXPECT_EQ(waiting("$history"), uint64_t{kHistoryReadings});

  hub_.kill_hard();
  const Finished stopped = hub_.cli_on_data({"route", "replay", bigger(), "--diff", "--json"});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.out;
  EXPECT_EQ(nlohmann::json::parse(stopped.out)["changes"], replay["changes"]);
  hub_.start();
}

TEST_F(Replaying, CountsInWindowsWhatTheHubCounted) {
  ASSERT_EQ(persistent_client("keeper")->subscribe("sums", 1), 1);
  publish_until(kHistoryReadings);
  auto keeper = persistent_client("keeper");
  const auto counted = [&] {
    int sum = 0;
    for (const std::string& body : keeper->payloads()) sum += nlohmann::json::parse(body)["n"].get<int>();
    return sum;
  };
  EXPECT_TRUE(eventually([&] { return counted() == kHistoryReadings; }, 30s));
  int count = 0;
  int values = 0;
  const nlohmann::json replay = hub_.cli_json({"route", "replay", "--route", "sums"});
  for (const auto& row : replay["rows"]) {
    count += row["body"]["n"].get<int>();
    values += row["body"]["v"].get<int>();
  }
  EXPECT_EQ(count, kHistoryReadings);
  EXPECT_EQ(values, kHistoryReadings * (kHistoryReadings + 1) / 2);
}

TEST_F(Replaying, CountsForShadowsAndDeliversNothingOfThem) {
  const Finished shadow = hub_.cli({"route", "shadow", bigger()});
  EXPECT_EQ(shadow.exit_code, 0) << shadow.out;
  hub_.config["routes"]["all"] = {{"route", "FROM 'plant/#' INTO Topic('all')"}, {"shadow", true}};
  hub_.reload();
  const auto results = [&](const std::string& name) {
    const nlohmann::json answer = hub_.cli_json({"route", "ls"});
    for (const auto& route : answer["routes"])
      if (route["name"] == name && route["shadow"].is_object()) return route["shadow"]["results"].get<int>();
    return -1;
  };
  EXPECT_TRUE(eventually([&] { return results("all") == 0; }));
  auto listener = subscriber("all");
  publish_until(kHistoryReadings);
  EXPECT_TRUE(eventually([&] { return results("all") == kHistoryReadings; }));
  EXPECT_EQ(results("big"), 3);
  EXPECT_TRUE(listener->payloads().empty());
  EXPECT_EQ(waiting("$upstream"), 5u);
  EXPECT_EQ(hub_.cli({"route", "shadow", "--stop"}).exit_code, 0);
  EXPECT_EQ(results("big"), -1);
}

TEST_F(Replaying, ForgetsWhatWasKeptOnceTheHistoryIsOff) {
  publish_until(3);
  EXPECT_TRUE(eventually([&] { return waiting("$history") == 3; }));
  hub_.config.erase("history");
  hub_.reload();
  EXPECT_TRUE(eventually([&] { return waiting("$history") == 0; }));
  const Finished replay = hub_.cli({"route", "replay", bigger()});
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_NE(replay.out.find("the hub keeps no history; set \"history\""), std::string::npos) << replay.out;
  EXPECT_EQ(waiting("$upstream"), 0u);
}

// ---- what routes name ----

class ReplayingWhatRoutesName : public Replaying {
 protected:
  void configure(nlohmann::json& config) override {
    Replaying::configure(config);
    write_limit(7);
    std::ofstream(beside("reading.json")) << R"({"properties": {"v": {"maximum": 4}}})";
    config["tables"] = {{"limits", {{"file", beside("limits.csv")}}}, {"names", {{"topic", "names/+"}}}};
    config["routes"]["over"] = kOver;
    config["routes"]["small"] = "FROM 'plant/#' WHERE conforms($body, 'reading.json') INTO Topic('small')";
  }
  std::string beside(const std::string& name) {
    return std::filesystem::path(hub_.config_file()).replace_filename(name).string();
  }
  void write_limit(int high) { std::ofstream(beside("limits.csv")) << "m,high\na," << high << "\n"; }

  static constexpr const char* kOver =
      "SELECT $body.v AS v, lookup('names', 'a') AS name FROM 'plant/#' "
      "WHERE $body.v > lookup('limits', topic_level(2)).high INTO Topic('over')";
};

TEST_F(ReplayingWhatRoutesName, MeetsTheRowsOfNowAndTheSchemasInForce) {
  ASSERT_TRUE(client()->publish_and_wait("names/a", "press", 1, true));
  publish_until(kHistoryReadings);
  const nlohmann::json then = hub_.cli_json({"route", "replay", "--route", "over"});
  ASSERT_EQ(then["rows"].size(), 3u) << then.dump();
  EXPECT_EQ(then["rows"][0]["body"], nlohmann::json({{"v", 8}, {"name", "press"}}));
  EXPECT_EQ(then["tables"].size(), 2u);
  write_limit(9);
  hub_.reload();
  publish_until(kHistoryReadings + 1);  // behind the rows of the file
  EXPECT_TRUE(eventually([&] {
    return hub_.cli_json({"route", "replay", "--route", "over"})["rows"].size() == 2u;
  }));
  EXPECT_EQ(hub_.cli_json({"route", "replay", "--route", "small"})["rows"].size(), 4u);

  EXPECT_TRUE(eventually([&] { return waiting("$computing") == 0; }))
      << "the rows are stored with what met them";
  hub_.kill_hard();
  const Finished stopped = hub_.cli_on_data({"route", "replay", "--route", "over", "--json"});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.out;
  EXPECT_EQ(nlohmann::json::parse(stopped.out)["rows"].size(), 2u);
  hub_.start();
}

TEST_F(ReplayingWhatRoutesName, CountsForShadowsThatLookUp) {
  const std::string path = (files_.path() / "tried.json").string();
  std::ofstream((files_.path() / "own.csv").string()) << "m,high\na,5\n";
  std::ofstream(path) << R"json({"tables": {"own": {"file": "own.csv"}}, "routes": {"tried":
      "SELECT $body.v AS v, lookup('limits', 'a').high AS high FROM 'plant/#' WHERE $body.v > lookup('own', 'a').high INTO $upstream"}})json";
  const Finished shadow = hub_.cli({"route", "shadow", path});
  ASSERT_EQ(shadow.exit_code, 0) << shadow.out;
  publish_until(kHistoryReadings);
  const auto tried = [&] {
    const nlohmann::json answer = hub_.cli_json({"route", "ls"});
    for (const auto& route : answer["routes"])
      if (route["name"] == "tried") return route["shadow"];
    return nlohmann::json();
  };
  EXPECT_TRUE(eventually([&] { return tried()["results"] == 5; })) << tried().dump();
  EXPECT_EQ(tried()["last_body"], R"({"v":10,"high":7})");
}

}  // namespace
}  // namespace headgate::e2e
