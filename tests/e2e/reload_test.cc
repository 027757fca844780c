// What a reload takes over and what it keeps: a mistake in a file is no wish, and worse never replaces better.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kInput = "modules/m/inputs/i";
const std::string kGood =
    R"json({"routes": {"in": {"route": "FROM 'in/#' INTO BrokeredEndpoint('/modules/m/inputs/i')",
                              "onRemove": "purge"}}})json";
const std::string kOther = R"({"routes": {"other": "FROM 'other/#' INTO $upstream"}})";

class Reload : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    std::filesystem::create_directory(scratch_.path() / "routes");
    write("10.json", kGood);
    write("20.json", kOther);
    config["routes_dir"] = (scratch_.path() / "routes").string();
  }
  void write(const std::string& name, const std::string& text) const {
    scratch_.write("routes/" + name, text);
  }
  void remove(const std::string& name) const { std::filesystem::remove(scratch_.path() / "routes" / name); }

  void publish(const std::string& body) const { ASSERT_TRUE(client()->publish_and_wait("in/x", body, 1)); }
  [[nodiscard]] uint64_t waiting() const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& queue : answer["queues"]) {
      if (queue["name"].get<std::string>() == kInput) return queue["waiting"].get<uint64_t>();
    }
    return 0;
  }
  [[nodiscard]] nlohmann::json route(const std::string& name) const {
    const nlohmann::json routes = hub_.cli_json({"route", "ls"});
    for (const auto& listed : routes["routes"]) {
      if (listed["name"] == name) return listed;
    }
    return {{"active", false}, {"kept", false}, {"error", ""}};
  }
  void expect_kept(const std::string& why) const {
    EXPECT_EQ(route("in")["active"], true) << why;
    EXPECT_EQ(route("in")["kept"], true) << why;
    publish("while it is broken");
  }

  ScratchDir scratch_;
};

TEST_F(Reload, KeepsTheRoutesOfABrokenFileAndWhatWaitsForThem) {
  publish("before");
  uint64_t expected = 1;
  for (const std::string& broken : {kGood.substr(0, kGood.size() / 2), kGood + "}", std::string()}) {
    write("10.json", broken);
    const Finished reloaded = hub_.cli({"reload"});
    EXPECT_EQ(reloaded.exit_code, 1);
    EXPECT_THAT(reloaded.out, HasSubstr("kept: route 'in' stays as it was"));
    expect_kept("half-written, one character too many, or empty");
    EXPECT_EQ(waiting(), ++expected);
  }
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("1 route kept in an earlier version"));
  restart_hard();
  expect_kept("over a restart");
  EXPECT_EQ(waiting(), ++expected);
  write("10.json", kGood);
  EXPECT_EQ(hub_.cli({"reload"}).exit_code, 0);
  EXPECT_EQ(route("in")["kept"], false);
  EXPECT_EQ(waiting(), expected);
}

TEST_F(Reload, TakesAFileThatIsAbsentForGoneAfterASecondLookFiveSecondsLater) {
  publish("before");
  remove("10.json");
  EXPECT_EQ(hub_.cli({"reload"}).exit_code, 1);
  expect_kept("the first look");
  EXPECT_EQ(waiting(), 2u);
  EXPECT_TRUE(eventually([this] { return route("in")["active"] == false; }, 10s));
  EXPECT_EQ(waiting(), 0u) << "purged, as its route said";
  EXPECT_EQ(route("other")["active"], true);
}

TEST_F(Reload, KeepsTheRoutesOfADirectoryThatIsEmptyOrMissing) {
  publish("before");
  remove("10.json");
  remove("20.json");
  EXPECT_EQ(hub_.cli({"reload"}).exit_code, 1);
  expect_kept("the directory is empty");
  remove("");
  EXPECT_EQ(hub_.cli({"reload"}).exit_code, 1);
  expect_kept("the directory is missing");
  restart_hard();
  expect_kept("over a restart without it");
  EXPECT_EQ(waiting(), 4u);
}

TEST_F(Reload, TakesAFileThatWasOnItsWayInTheSecondLook) {
  write("10.json", kGood.substr(0, kGood.size() / 2));
  hub_.reload();
  ASSERT_TRUE(eventually([this] { return route("in")["kept"] == true; })) << hub_.log();
  write("10.json", kGood);
  EXPECT_TRUE(eventually([this] { return route("in")["kept"] == false; }, 10s)) << hub_.log();
}

TEST_F(Reload, EndsInOneSummaryInTheAnswerTheLogAndStatus) {
  hub_.config["time_to_live_s"] = 60;
  hub_.config["limits"]["in_flight_max"] = 7;
  hub_.config["log"]["level"] = "debug";
  hub_.config["log"]["format"] = "json";
  hub_.config["routes"]["mine"] = "FROM 'mine' INTO $null";
  hub_.reload();
  ASSERT_TRUE(hub_.logs("info reloaded")) << hub_.log();
  EXPECT_TRUE(hub_.logs("time_to_live_s; log.level; routes added: mine"));
  EXPECT_TRUE(hub_.logs("limits.in_flight_max; log.format"));
  const nlohmann::json told = hub_.cli_json({"status"})["reload"];
  EXPECT_EQ(told["took"], nlohmann::json({"time_to_live_s", "log.level", "routes added: mine"}));
  EXPECT_EQ(told["needs_restart"], nlohmann::json({"limits.in_flight_max", "log.format"}));
  const Finished again = hub_.cli({"reload"});
  EXPECT_EQ(again.exit_code, 0) << again.out;
  EXPECT_THAT(again.out, HasSubstr("needs a restart: log.format")) << "it still does";
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("needs a restart: limits.in_flight_max, log.format"));
}

TEST_F(Reload, KeepsWhatIsInForceWhenTheConfigurationIsBroken) {
  hub_.config["limits"] = 7;
  hub_.reload();
  ASSERT_TRUE(hub_.logs("reload_failed"));
  const nlohmann::json told = hub_.cli_json({"status"})["reload"];
  ASSERT_EQ(told["kept"].size(), 1u);
  EXPECT_THAT(told["kept"][0].get<std::string>(),
              AllOf(HasSubstr("limits: is 7"), HasSubstr("stays as it was")));
  EXPECT_EQ(route("in")["active"], true);
}

class Apply : public Reload {
 protected:
  static std::string hours(int hours) {
    return R"json({"routes": {"hours": "SELECT count(*) AS n FROM 'load/#' GROUP BY Tumbling()json" +
           std::to_string(hours) + R"json(h) INTO Topic('out')"}})json";
  }
  [[nodiscard]] Finished apply(const std::string& name, const std::string& text,
                               std::vector<std::string> more = {}) const {
    const std::filesystem::path sent = scratch_.write("sent/" + name, text);
    std::vector<std::string> words = {"route", "apply", sent.string()};
    words.insert(words.end(), more.begin(), more.end());
    return hub_.cli(words);
  }
  [[nodiscard]] bool is_there(const std::string& name) const {
    return std::filesystem::exists(scratch_.path() / "routes" / name);
  }
};

TEST_F(Apply, PutsAFileIntoTheDirectoryAndInForce) {
  std::filesystem::create_directory(scratch_.path() / "sent");
  const Finished trial = apply("30.json", hours(1), {"--dry-run"});
  EXPECT_EQ(trial.exit_code, 0) << trial.out;
  EXPECT_THAT(trial.out, AllOf(HasSubstr("hours"), HasSubstr("added"), HasSubstr("this was a trial")));
  EXPECT_FALSE(is_there("30.json"));
  const Finished applied = apply("30.json", hours(1));
  EXPECT_EQ(applied.exit_code, 0) << applied.out;
  EXPECT_THAT(applied.out, HasSubstr("3 routes in force"));
  EXPECT_TRUE(is_there("30.json"));
  EXPECT_EQ(route("hours")["active"], true);
}

TEST_F(Apply, RefusesAFileWithAMistakeUnlessItIsForced) {
  std::filesystem::create_directory(scratch_.path() / "sent");
  const std::string taken = R"({"routes": {"other": "FROM 'x' INTO $null", "fine": "FROM 'y' INTO $null"}})";
  const Finished refused = apply("30.json", taken);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("has one of that name"), HasSubstr("nothing was changed")));
  EXPECT_FALSE(is_there("30.json"));
  EXPECT_EQ(apply("30.json", R"({"routes": {"a": "FROM"}})").exit_code, 1);
  EXPECT_EQ(apply("30.json", taken, {"--force"}).exit_code, 1);
  EXPECT_EQ(route("fine")["active"], true);
}

TEST_F(Apply, GivesWhatOpenWindowsHaveOnceThroughAKill) {
  std::filesystem::create_directory(scratch_.path() / "sent");
  ASSERT_EQ(apply("30.json", hours(1)).exit_code, 0);
  ASSERT_EQ(persistent_client("keeper")->subscribe("out", 1), 1);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client()->publish_and_wait("load/a", "{}", 1));
  const Finished applied = apply("30.json", hours(2));
  EXPECT_THAT(applied.out, HasSubstr("drains"));
  restart_hard();
  auto keeper = persistent_client("keeper");
  ASSERT_TRUE(eventually([&] { return !keeper->payloads().empty(); }, 30s));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(keeper->payloads(), std::vector<std::string>{R"({"n":5})"});
}

}  // namespace
}  // namespace headgate::e2e
