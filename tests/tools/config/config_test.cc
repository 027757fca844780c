// `headgate config` on what the daemon's own functions say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/daemon/in_process.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/config/commands.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class ConfigTest : public ::testing::Test {
 protected:
  [[nodiscard]] ConfigTool tool(bool json = false) { return {testing::answer_in_process, out_, err_, json}; }
  [[nodiscard]] std::string file(const std::string& text, const std::string& name = "site.json") const {
    return dir_.write(name, text);
  }
  Json show(const ConfigShowOptions& options) {
    EXPECT_EQ(run_config_show(tool(), options), 0) << err_.str();
    return Json::parse(out_.str());
  }
  Json diff(const std::string& before, const std::string& after) {
    EXPECT_EQ(run_config_diff(tool(true), file(before, "old.json"), file(after, "new.json")), 0);
    return Json::parse(out_.str())["changes"];
  }

  const testing::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ConfigTest, CheckNamesAllProblemsAtOnceEachWithFileKeyAndWhatIsAllowed) {
  const std::string path = file(R"({"hub_id": "a b", "listeners": [{"port": 99999}], "colour": 1,
    "auth": {"password_file": "/none/users"}, "routes": {"a": "FROM nowhere"}})");
  EXPECT_EQ(run_config_check(tool(), path), 1);
  for (const char* line :
       {": hub_id: is \"a b\"; allowed: up to 64", ": listeners[0].port: is 99999; allowed: 0 to 65535",
        ": colour: unknown key", ": auth.password_file: /none/users: cannot be read",
        ": route 'a': 1:6: error", ": not ok, 5 problems, 0 warnings, 0 routes"})
    EXPECT_THAT(err_.str(), HasSubstr(path + line));
}

TEST_F(ConfigTest, CheckOfAGoodOneIsOneLineAndExitCodeZero) {
  const std::string path = file(R"({"hub_id": "a", "routes": {"up": "FROM /* INTO $upstream"}})");
  EXPECT_EQ(run_config_check(tool(), path), 0);
  EXPECT_EQ(out_.str(), path + ": ok, 0 problems, 0 warnings, 1 route\n");
}

TEST_F(ConfigTest, CheckOfWhatIsNoJsonPointsAtTheLine) {
  EXPECT_EQ(run_config_check(tool(true), file("{\n  \"hub_id\" \"a\"\n}")), 1);
  const Json check = Json::parse(out_.str());
  EXPECT_THAT(check["problems"][0]["what"], HasSubstr("site.json:2:"));
}

TEST_F(ConfigTest, ShowFillsInEveryDefault) {
  std::ifstream reference(HEADGATE_CONF_FILE);
  Json all = Json::parse(reference, nullptr, true, /*ignore_comments=*/true);
  all["hub_id"] = "plant";
  const Json shown = show({.file = file(R"({"hub_id": "plant"})")});
  EXPECT_EQ(shown.flatten().size(), all.flatten().size());
  EXPECT_EQ(shown["limits"], all["limits"]);
  EXPECT_EQ(shown["store"], all["store"]);
}

TEST_F(ConfigTest, WhatShowPrintsIsTheSameConfiguration) {
  const std::string text =
      R"({"hub_id": "plant", "store": {"durability": "interval:50", "queue_age_max_s": 7},
    "listeners": [{"transport": "unix", "path": "/run/h.sock", "mode": "0600"}],
    "auth": {"identities": {"m-*": {"module": "*"}}}, "links": {"lte": {"host": "h", "open": "02:00-05:00"}},
    "access": {"rules": [{"who": {"users": ["a\"b"]}, "allow": ["publish"], "topics": ["x/%u"]}]}})";
  const Json shown = show({.file = file(text)});
  EXPECT_EQ(shown["store"]["queue_age_max_s"], 7);
  out_.str("");
  EXPECT_EQ(diff(text, shown.dump()), Json::array());
}

TEST_F(ConfigTest, ShowChangedHasOnlyWhatIsNotTheDefault) {
  const std::string text =
      R"({"hub_id": "plant", "sys_interval_s": 10, "store": {"bytes_max": "1GiB"}, "routes": {"a": "FROM /* INTO $null"}})";
  EXPECT_EQ(show({.file = file(text), .changed = true}).dump(),
            R"({"hub_id":"plant","store":{"bytes_max":1073741824},"routes":{"a":"FROM /* INTO $null"}})");
}

TEST_F(ConfigTest, ShowOriginSaysWhichFileAValueIsFrom) {
  const std::string more = file(R"({"log": {"level": "warn"}})", "more.json");
  const std::string path = file(R"({"include": "more.json", "hub_id": "plant"})");
  EXPECT_EQ(run_config_show(tool(), {.file = path, .changed = true, .origin = true}), 0) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::ContainsRegex("log.level +\"warn\" +.*more.json"));
  EXPECT_THAT(out_.str(), ::testing::ContainsRegex("hub_id +\"plant\" +.*site.json"));
}

TEST_F(ConfigTest, CheckNamesTheFileThatHoldsTheMistake) {
  const std::string more = file(R"({"hub_id": "a b"})", "more.json");
  EXPECT_EQ(run_config_check(tool(), file(R"({"include": "more.json"})")), 1);
  EXPECT_THAT(err_.str(), HasSubstr(more + ": hub_id: is \"a b\""));
}

TEST_F(ConfigTest, CheckWarnsOfAVariableThatIsNotSetHere) {
  const std::string path = file(R"({"upstream": {"host": "h", "password": {"env": "HEADGATE_NO_SUCH"}}})");
  EXPECT_EQ(run_config_check(tool(), path), 0) << err_.str();
  EXPECT_THAT(out_.str(),
              HasSubstr("upstream.password: here, the environment variable HEADGATE_NO_SUCH is not set"));
}

TEST_F(ConfigTest, ShowOfTheEmbeddedDefaultHasChangedNothing) {
  EXPECT_EQ(show({.changed = true}), Json::object());
}

TEST_F(ConfigTest, ShowNeverPrintsASecret) {
  const std::string text =
      R"({"routes": {"a": {"route": "FROM /* INTO $null", "password": "hunter2", "x": [{"api_token": "t0ken"}]}}})";
  const std::string shown = show({.file = file(text)}).dump();
  EXPECT_THAT(shown, Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown, Not(HasSubstr("t0ken")));
  EXPECT_THAT(shown, HasSubstr(R"("password":"***")"));
}

TEST_F(ConfigTest, ShowOfABadOneSaysWhatIsWrong) {
  EXPECT_EQ(run_config_show(tool(), {.file = file(R"({"hub_id": 4})")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("site.json: hub_id: is 4; allowed: a text"));
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ConfigTest, DiffTellsBeforeAfterAndWhenItTakesEffect) {
  const Json changes =
      diff(R"({"hub_id": "a", "routes": {"a": "FROM /* INTO $null", "b": "FROM /* INTO $null"}})",
           R"({"hub_id": "b", "store": {"bytes_max": 5}, "routes": {"b": "FROM /* INTO $upstream"}})");
  EXPECT_EQ(
      changes.dump(),
      R"([{"key":"hub_id","before":"a","after":"b","takes_effect":"by restart"},)"
      R"({"key":"store.bytes_max","before":0,"after":5,"takes_effect":"at once"},)"
      R"({"key":"routes.a","before":"FROM /* INTO $null","after":null,"takes_effect":"at once"},)"
      R"({"key":"routes.b","before":"FROM /* INTO $null","after":"FROM /* INTO $upstream","takes_effect":"at once"}])");
}

TEST_F(ConfigTest, DiffOfTheSameInOtherWordsIsNone) {
  EXPECT_EQ(diff(R"({"store": {"bytes_max": "1MiB"}})", R"({"store": {"bytes_max": 1048576}, "log": {}})"),
            Json::array());
}

TEST_F(ConfigTest, DiffNamesWhatIsWrongInBoth) {
  EXPECT_EQ(run_config_diff(tool(), file(R"({"a": 1})", "old.json"), file(R"({"b": 1})", "new.json")), 1);
  EXPECT_THAT(err_.str(), HasSubstr("old.json: a: unknown key"));
  EXPECT_THAT(err_.str(), HasSubstr("new.json: b: unknown key"));
}

TEST_F(ConfigTest, WithoutTheDaemonItSaysWhatToDo) {
  const auto none = [](const auto&) -> core::Result<DaemonAnswer> {
    return core::fail(core::Errc::unavailable, "headgated cannot be run; install it");
  };
  EXPECT_EQ(run_config_check({none, out_, err_}, "a.json"), 1);
  EXPECT_EQ(run_config_show({none, out_, err_}, {}), 1);
  EXPECT_EQ(err_.str(),
            "headgate: headgated cannot be run; install it\nheadgate: headgated cannot be run; install it\n");
}

}  // namespace
}  // namespace headgate::tools
