// `headgate route import`: from a deployment manifest to a route file, on real files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "routing/files/route_file.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/command_line.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string sample(const std::string& name) { return text_of(std::string(HEADGATE_MANIFESTS) + "/" + name); }

class RouteImport : public ::testing::Test {
 protected:
  int run(std::vector<std::string> args) {
    out_.str("");
    err_.str("");
    return run_headgate(std::move(args), out_, err_);
  }
  int import(const std::string& manifest, std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"route", "import", manifest, "--out", dir_.path()};
    args.insert(args.end(), more.begin(), more.end());
    return run(std::move(args));
  }
  [[nodiscard]] std::vector<routing::RouteFileEntry> routes_in(const std::string& path) const {
    auto file = routing::parse_route_file(text_of(path), "");
    EXPECT_THAT(file.errors, IsEmpty());
    return file.entries;
  }
  [[nodiscard]] size_t files() const {
    const std::filesystem::directory_iterator begin(dir_.path());
    return static_cast<size_t>(std::distance(begin, std::filesystem::directory_iterator()));
  }

  testing::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(RouteImport, WritesAFileThatChecksAndGivesTheTableOfTheManifest) {
  for (const char* name :
       {"simulated-sensor-1.0", "priorities-1.1", "mqtt-broker-1.2", "deployment-1.3", "layered-1.4"}) {
    const std::string manifest = dir_.write(std::string(name) + ".json", sample(std::string(name) + ".json"));
    const std::string written = dir_ / (std::string(name) + ".routes.json");
    EXPECT_EQ(import(manifest), kExitOk) << err_.str();
    EXPECT_THAT(out_.str(), EndsWith(" written to " + written + "\n"));
    EXPECT_EQ(routes_in(written), routes_in(manifest));
    EXPECT_EQ(run({"route", "check", written}), kExitOk) << err_.str();
    EXPECT_THAT(out_.str(), Not(HasSubstr("no effect")));
  }
}

TEST_F(RouteImport, ListsEachPartThatHasNoEffectAsRouteCheckDoes) {
  const std::string manifest = dir_.write("site.json", sample("mqtt-broker-1.2.json"));
  const std::string part = manifest +
                           ": modulesContent.$edgeHub[\"properties.desired\"].mqttBroker.authorizations: "
                           "no effect here: write them as access.rules in headgate.json\n";
  EXPECT_EQ(import(manifest), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr(part));
  EXPECT_EQ(run({"route", "check", manifest}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr(part));
}

TEST_F(RouteImport, OverwritesOnlyWhenToldTo) {
  const std::string manifest = dir_.write("site.json", sample("mqtt-broker-1.2.json"));
  const std::string mine = dir_.write("site.routes.json", "mine");
  EXPECT_EQ(import(manifest), kExitFailed);
  EXPECT_EQ(err_.str(), mine + ": is there already and is not overwritten; say --force\n");
  EXPECT_EQ(text_of(mine), "mine");
  EXPECT_EQ(files(), 2u) << "nothing is left lying about";
  EXPECT_EQ(import(manifest, {"--force"}), kExitOk) << err_.str();
  EXPECT_EQ(routes_in(mine).size(), 1u);
  EXPECT_EQ(files(), 2u);
}

TEST_F(RouteImport, GoesToStandardOutputWithTheRestOnStandardError) {
  const std::string manifest = dir_.write("site.json", sample("priorities-1.1.json"));
  EXPECT_EQ(run({"route", "import", manifest, "--out", "-"}), kExitOk);
  EXPECT_EQ(routing::parse_route_file(out_.str(), "").entries.size(), 3u);
  EXPECT_THAT(err_.str(), HasSubstr("storeLimits: no effect here: "));
  EXPECT_THAT(err_.str(), EndsWith("3 routes written to standard output\n"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(RouteImport, LeavesOutARouteThatDoesNotCompileAndNamesIt) {
  const std::string manifest =
      dir_.write("site.json", R"({"$edgeHub": {"properties.desired": {"schemaVersion": "1.0",
    "routes": {"good": "FROM /* INTO $upstream", "bad": "FROM /* INTO upstream", "odd": 7}}}})");
  EXPECT_EQ(import(manifest), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr(manifest + ": bad: left out\n1:14: error: "));
  EXPECT_THAT(err_.str(), HasSubstr(".routes.odd: is 7; allowed: "));
  EXPECT_THAT(out_.str(), HasSubstr("1 route written to "));
  EXPECT_EQ(routes_in(dir_ / "site.routes.json").at(0).name, "good");
}

TEST_F(RouteImport, WritesNothingOfWhatCannotBeRead) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"{\n  \"modulesContent\": oops}", ":2:21: syntax error"},
      {R"({"modulesContent": {"$edgeAgent": {}}})",
       ": modulesContent.$edgeHub[\"properties.desired\"]: is missing;"},
      {R"({"$edgeHub": {"a": 1, "a": 2}})", ": $edgeHub.a: appears twice; keep one of them"},
      {R"({"routes": {"a": "FROM /* INTO $upstream"}})", ": is no deployment manifest: "},
      {"[]", ": is no deployment manifest: "},
      {"", ": is empty"},
  };
  for (const auto& [text, expected] : table) {
    const std::string manifest = dir_.write("site.json", text);
    EXPECT_EQ(import(manifest), kExitFailed) << text;
    EXPECT_THAT(err_.str(), HasSubstr(manifest + expected)) << text;
    EXPECT_EQ(out_.str(), "0 routes, nothing written\n") << text;
    EXPECT_EQ(files(), 1u) << text;
  }
}

TEST_F(RouteImport, OfAFileOrADirectoryThatIsNotThereSaysWhich) {
  EXPECT_EQ(import(dir_ / "none.json"), kExitFailed);
  EXPECT_EQ(err_.str(), (dir_ / "none.json") + ": cannot be read: No such file or directory\n");
  const std::string manifest = dir_.write("site.json", sample("mqtt-broker-1.2.json"));
  EXPECT_EQ(run({"route", "import", manifest, "--out", dir_ / "none"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr((dir_ / "none") + "/site.routes.json"));
  EXPECT_THAT(err_.str(), EndsWith("cannot be written: No such file or directory\n"));
}

TEST_F(RouteImport, NeedsAManifest) { EXPECT_EQ(run({"route", "import"}), kExitUsage); }

TEST_F(RouteImport, AsJsonHasStableFields) {
  const std::string manifest = dir_.write("site.json", sample("mqtt-broker-1.2.json"));
  EXPECT_EQ(import(manifest, {"--json"}), kExitOk);
  const auto json = nlohmann::json::parse(out_.str());
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["written"], dir_ / "site.routes.json");
  EXPECT_EQ(json["written_routes"], 1);
  EXPECT_EQ(json["routes"][0]["name"], "up");
  EXPECT_EQ(json["without_effect"][1]["path"],
            "modulesContent.$edgeHub[\"properties.desired\"].mqttBroker.bridges");
}

// Five megabytes, of which a twin is most: the routes are found, and the note does not repeat it.
TEST_F(RouteImport, TakesAManifestOfFiveMegabytes) {
  nlohmann::json manifest = nlohmann::json::parse(sample("simulated-sensor-1.0.json"));
  manifest["modulesContent"]["vision"]["properties.desired"]["model"] = std::string(size_t{5} << 20, 'x');
  EXPECT_EQ(import(dir_.write("site.json", manifest.dump())), kExitOk) << err_.str();
  EXPECT_EQ(routes_in(dir_ / "site.routes.json").size(), 2u);
  EXPECT_LT(out_.str().size(), 4096u);
}

TEST_F(RouteImport, TakesAManifestThatBeginsWithAByteOrderMark) {
  const std::string manifest = dir_.write("site.json", "\xEF\xBB\xBF" + sample("mqtt-broker-1.2.json"));
  EXPECT_EQ(import(manifest), kExitOk) << err_.str();
  EXPECT_THAT(text_of(dir_ / "site.routes.json"), ::testing::StartsWith("{\n"));
}

}  // namespace
}  // namespace headgate::tools
