// A configuration of several files.
#include "hub/config/parts/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hub/config/config.h"
#include "hub/config/route_files.h"
#include "hub/config/show/in_force.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

class ConfigParts : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const { return dir_.write(name, text); }
  [[nodiscard]] std::string path(const std::string& name) const { return dir_ / name; }
  [[nodiscard]] Config loaded() const {
    auto config = load_config(path("headgate.json"));
    EXPECT_TRUE(config) << config.error().what;
    return config ? *std::move(config) : Config();
  }
  [[nodiscard]] std::string error() const {
    const auto config = load_config(path("headgate.json"));
    EXPECT_FALSE(config);
    return config ? "" : config.error().what;
  }

  const testing::TempDir dir_;
};

TEST_F(ConfigParts, AreReadInTheOrderOfTheirNamesAndHiddenOnesAreNot) {
  std::filesystem::create_directory(path("conf.d"));
  write("headgate.json", R"({"include": "conf.d/*.json", "hub_id": "a"})");
  for (const char* name : {"20.json", "10.json", ".30.json.new", ".40.json", "50.json~"})
    write(std::string("conf.d/") + name, "{}");
  const auto parts = read_parts(path("headgate.json"));
  ASSERT_TRUE(parts);
  std::vector<std::string> names;
  for (const ConfigPart& part : *parts) names.push_back(std::filesystem::path(part.file).filename());
  EXPECT_THAT(names, ElementsAre("headgate.json", "10.json", "20.json"));
}

TEST_F(ConfigParts, ObjectsMergeAndListsFollowEachOther) {
  write("headgate.json", R"({"include": ["a.json", "b.json"], "limits": {"connections_max": 7},
                             "listeners": [{"port": 1}]})");
  write("a.json", R"({"limits": {"connect_timeout_s": 8}, "listeners": [{"port": 2}]})");
  write("b.json", R"({"listeners": [{"port": 3}], "links": {"x": {"host": "h"}}})");
  const Config config = loaded();
  EXPECT_EQ(config.admission.connections_max, 7u);
  EXPECT_EQ(config.broker.connect_timeout_s, 8u);
  ASSERT_EQ(config.listeners.size(), 3u);
  EXPECT_EQ(config.listeners[2].options.port, 3);
  EXPECT_EQ(config.links.size(), 1u);
}

TEST_F(ConfigParts, AKeyWithTwoValuesIsAnErrorThatNamesBothFiles) {
  write("headgate.json", R"({"include": "a.json", "limits": {"connections_max": 7}, "hub_id": "same"})");
  write("a.json", R"({"limits": {"connections_max": 8}, "hub_id": "same"})");
  EXPECT_EQ(error(), path("a.json") + ": limits.connections_max: has another value in " +
                         path("headgate.json") + "; give it once");
}

TEST_F(ConfigParts, AMistakeIsToldOfByTheFileThatHoldsIt) {
  write("headgate.json", R"({"include": "a.json", "listeners": [{"port": 1}]})");
  write("a.json", R"({"hub_idd": "x", "listeners": [{"port": 99999}], "upstream": {"port": 8883}})");
  const std::string what = error();
  EXPECT_THAT(what, HasSubstr(path("a.json") + ": hub_idd: unknown key"));
  EXPECT_THAT(what, HasSubstr(path("a.json") + ": listeners[1].port: is 99999"));
  EXPECT_THAT(what, HasSubstr(path("a.json") + ": upstream.host: is missing"));
  write("a.json", "{\n  \"hub_id\" 1}");
  EXPECT_THAT(error(), HasSubstr(path("a.json") + ":2:"));
}

TEST_F(ConfigParts, AFileThatIsNamedHasToBeThereAndAPatternNeedNotMatch) {
  write("headgate.json", R"({"include": "none.d/*.json"})");
  EXPECT_EQ(loaded().files.size(), 1u);
  write("headgate.json", R"({"include": "none.json"})");
  EXPECT_THAT(error(),
              HasSubstr(path("headgate.json") + ": include: " + path("none.json") + " cannot be read"));
}

TEST_F(ConfigParts, OnlyTheHubsOwnFileIncludes) {
  write("headgate.json", R"({"include": "a.json"})");
  write("a.json", R"({"include": "b.json"})");
  EXPECT_THAT(error(), HasSubstr(path("a.json") + ": include: is for the hub's own file alone"));
}

TEST_F(ConfigParts, RoutesAreOfTheirFileAndOneNameIsOneRoute) {
  write("headgate.json", R"({"include": "a.json", "routes": {"x": "FROM 'x' INTO $upstream"}})");
  write("a.json", R"({"routes": {"y": {"route": "FROM 'y' INTO $upstream", "priority": 1}}})");
  RouteFolder folder;
  const auto routes = collect_routes(loaded(), path("headgate.json"), folder, {}, {});
  ASSERT_EQ(routes.entries.size(), 2u);
  EXPECT_EQ(routes.entries[0].file, path("headgate.json"));
  EXPECT_EQ(routes.entries[1].file, path("a.json"));
  write("a.json", R"({"routes": {"x": {"route": "FROM 'z' INTO $upstream"}}})");
  EXPECT_THAT(error(), HasSubstr(path("a.json") + ": routes.x: has another value"));
}

TEST_F(ConfigParts, ShowSaysWhichFilesAValueIsFrom) {
  write("headgate.json", R"({"include": "a.json", "hub_id": "h", "listeners": [{"port": 1}]})");
  write("a.json", R"({"listeners": [{"port": 2}], "log": {"level": "warn"}})");
  const auto text = settings_in_force(path("headgate.json"));
  ASSERT_TRUE(text);
  std::map<std::string, Json> from;
  const Json settings = Json::parse(*text);
  for (const Json& key : settings["keys"]) from[key["key"]] = key["from"];
  EXPECT_EQ(from["hub_id"], Json::array({path("headgate.json")}));
  EXPECT_EQ(from["log.level"], Json::array({path("a.json")}));
  EXPECT_EQ(from["listeners"], Json::array({path("headgate.json"), path("a.json")}));
  EXPECT_EQ(from["log.file"], Json::array());
}

TEST_F(ConfigParts, AreReadAgainWithAnotherTextInThePlaceOfTheFirst) {
  write("headgate.json", R"({"hub_id": "old"})");
  write("a.json", R"({"log": {"level": "warn"}})");
  const auto config = load_config_of(path("headgate.json"), R"({"include": "a.json", "hub_id": "new"})");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->hub_id, "new");
  EXPECT_EQ(config->log.levels.level, core::LogLevel::warn);
}

}  // namespace
}  // namespace headgate::hub
