#include "hub/config/route_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

class RouteFiles : public ::testing::Test {
 protected:
  routing::RouteFile collect(std::string_view routes = "{}") {
    const std::string json =
        R"({"routes": )" + std::string(routes) + R"(, "routes_dir": ")" + dir_.path() + R"("})";
    return collect_routes(*parse_config(json, "hub.json"));
  }
  static std::vector<std::string> names(const routing::RouteFile& file) {
    std::vector<std::string> all;
    for (const auto& entry : file.entries) all.push_back(entry.name);
    return all;
  }

  testing::TempDir dir_;
};

TEST_F(RouteFiles, ConfigComesFirstThenFilesByName) {
  dir_.write("20.json", R"({"routes": {"c": "FROM /* INTO $upstream"}})");
  dir_.write("10.json", R"({"routes": {"b": "FROM /* INTO $upstream"}})");
  dir_.write("notes.txt", "not a route file");
  const auto all = collect(R"({"a": "FROM /* INTO $upstream"})");
  EXPECT_THAT(names(all), ::testing::ElementsAre("a", "b", "c"));
  EXPECT_TRUE(all.errors.empty());
}

TEST_F(RouteFiles, ARepeatedNameIsReportedAndTheFirstStays) {
  const std::string file =
      dir_.write("10.json", R"({"routes": {"a": "FROM /* INTO $null", "b": "FROM /* INTO $null"}})");
  const auto all = collect(R"({"a": "FROM /* INTO $upstream"})");
  EXPECT_THAT(names(all), ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(all.entries[0].text, "FROM /* INTO $upstream");
  ASSERT_EQ(all.errors.size(), 1u);
  EXPECT_EQ(all.errors[0].what,
            file + ": route \"a\" is left out: hub.json has one of that name; rename one of them");
}

TEST_F(RouteFiles, AFileThatDoesNotParseHarmsOnlyItself) {
  dir_.write("10.json", "{");
  dir_.write("20.json", R"({"routes": {"b": "FROM /* INTO $upstream"}})");
  const auto all = collect();
  EXPECT_THAT(names(all), ::testing::ElementsAre("b"));
  EXPECT_EQ(all.errors.size(), 1u);
}

TEST_F(RouteFiles, AMissingDirectoryIsReported) {
  Config config;
  config.routes_dir = dir_.path() + "/none";
  const auto all = collect_routes(config);
  ASSERT_EQ(all.errors.size(), 1u);
  EXPECT_EQ(all.errors[0].what, config.routes_dir + ": cannot be read: No such file or directory");
}

TEST_F(RouteFiles, AnUnreadableFileIsReported) {
  std::filesystem::create_directory(dir_.path() + "/x.json");
  EXPECT_EQ(collect().errors.size(), 1u);
}

}  // namespace
}  // namespace headgate::hub
