#include "routing/files/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "routing/files/route_check.h"
#include "routing/files/route_record.h"

namespace headgate::routing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

RouteFile read_sample(const std::string& name) {
  std::ifstream file(std::string(HEADGATE_MANIFESTS) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return parse_route_file(std::string(std::istreambuf_iterator<char>(file), {}), name);
}

std::vector<std::string> paths_of(const RouteFile& file) {
  std::vector<std::string> paths;
  for (const ManifestNote& note : file.without_effect) paths.push_back(note.path);
  return paths;
}

std::string problems_of(const RouteFile& file) {
  std::string all;
  for (const RouteFileError& error : file.errors) all += (all.empty() ? "" : "\n") + error.what;
  return all;
}

std::string advice_of(const RouteFile& file, const std::string& path) {
  for (const ManifestNote& note : file.without_effect)
    if (note.path == path) return note.advice;
  return "";
}

class EveryManifest : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryManifest, LoadsAsItIs) {
  const RouteFile file = read_sample(GetParam());
  EXPECT_TRUE(file.manifest);
  const RouteCheckReport report = check_routes(file);
  EXPECT_TRUE(report.ok()) << to_json(report);
  EXPECT_THAT(report.routes, Not(IsEmpty()));
}

TEST_P(EveryManifest, MeansWhatItMeansInEdgeHub) {
  for (const RouteFileEntry& entry : read_sample(GetParam()).entries) {
    EXPECT_EQ(entry.semantics, Semantics::edgehub) << entry.name;
    EXPECT_EQ(entry.body, BodyMode::declared) << entry.name;
  }
}

TEST_P(EveryManifest, GivesEqualRoutesAsARouteFile) {
  const RouteFile file = read_sample(GetParam());
  const RouteFile again = parse_route_file(route_file_text(file.entries), GetParam());
  EXPECT_EQ(problems_of(again), "");
  EXPECT_FALSE(again.manifest);
  EXPECT_EQ(again.entries, file.entries);
}

TEST_P(EveryManifest, HasSecretsThatNoNoteRepeats) {
  for (const ManifestNote& note : read_sample(GetParam()).without_effect)
    EXPECT_THAT(to_text(note), Not(HasSubstr("hunter2")));
}

INSTANTIATE_TEST_SUITE_P(Manifest, EveryManifest,
                         ::testing::Values("simulated-sensor-1.0.json", "priorities-1.1.json",
                                           "mqtt-broker-1.2.json", "deployment-1.3.json",
                                           "layered-1.4.json"));

const std::string kAgent = "modulesContent.$edgeAgent[\"properties.desired\"].";
const std::string kHub = "modulesContent.$edgeHub[\"properties.desired\"].";

TEST(Manifest, OfSchema10NamesContainersEnvironmentsAndTwins) {
  const RouteFile file = read_sample("simulated-sensor-1.0.json");
  EXPECT_THAT(
      paths_of(file),
      ElementsAre(kAgent + "runtime", kAgent + "systemModules.edgeAgent", kAgent + "systemModules.edgeHub",
                  kAgent + "systemModules.edgeHub.env", kAgent + "modules.SimulatedTemperatureSensor",
                  kAgent + "modules.filter", kAgent + "modules.filter.env",
                  "modulesContent.SimulatedTemperatureSensor[\"properties.desired\"]"));
  EXPECT_THAT(advice_of(file, kAgent + "modules.filter.env"), EndsWith(": THRESHOLD, DB_PASSWORD"));
  EXPECT_EQ(
      to_text(file.without_effect.back()),
      "simulated-sensor-1.0.json: modulesContent.SimulatedTemperatureSensor[\"properties.desired\"]: no effect "
      "here: no twin is set by a file of routes: headgate twin set DEVICE/SimulatedTemperatureSensor does, as "
      "headgate twin get shows");
}

TEST(Manifest, OfSchema11HasPrioritiesAndTimesToLive) {
  const RouteFile file = read_sample("priorities-1.1.json");
  ASSERT_EQ(file.entries.size(), 3u);
  EXPECT_EQ(file.entries[0].priority, 0);
  EXPECT_EQ(file.entries[0].ttl_s, 604800u);
  EXPECT_EQ(file.entries[1].priority, 5);
  EXPECT_EQ(file.entries[1].ttl_s, 0u) << "0 takes the manifest's, which is for ever";
  EXPECT_EQ(file.entries[2].priority, std::nullopt);
  EXPECT_THAT(paths_of(file), Contains(kHub + "storeAndForwardConfiguration.storeLimits"));
}

TEST(Manifest, OfSchema12NamesRightsAndBridgesOfTheBrokerPreview) {
  const RouteFile file = read_sample("mqtt-broker-1.2.json");
  EXPECT_THAT(paths_of(file), ElementsAre(kHub + "mqttBroker.authorizations", kHub + "mqttBroker.bridges"));
  EXPECT_THAT(advice_of(file, kHub + "mqttBroker.authorizations"), HasSubstr("access.rules"));
}

TEST(Manifest, OfSchema13NamesItsSignatureAndWhomItIsFor) {
  EXPECT_THAT(paths_of(read_sample("deployment-1.3.json")),
              ElementsAre("targetCondition", "priority", "metrics", "content.deviceContent",
                          kAgent + "runtime", kHub + "integrity"));
}

TEST(Manifest, InLayersNamesEachKeyAsItStandsThere) {
  const RouteFile file = read_sample("layered-1.4.json");
  const std::string agent = "modulesContent.$edgeAgent[\"properties.desired.";
  EXPECT_THAT(paths_of(file),
              ElementsAre("targetCondition", "priority", agent + "modules.vision\"]",
                          agent + "modules.vision\"].env", agent + "modules.filter.env.THRESHOLD\"]",
                          "modulesContent.$edgeHub[\"properties.desired.mqttBroker.bridges\"]",
                          "modulesContent.vision[\"properties.desired.camera\"]"));
  ASSERT_EQ(file.entries.size(), 2u);
  EXPECT_EQ(file.entries[0].ttl_s, 3600u);
  EXPECT_EQ(file.entries[1].ttl_s, 1800u);
}

TEST(Manifest, NamesWhatNobodyKnows) {
  const RouteFile file = parse_route_file(
      R"({"$edgeHub": {"properties.desired": {"schemaVersion": "1.1", "storeAndForwardConfiguration":
        {"timeToLiveSecs": 0, "x": 1}, "routes": {"a": {"route": "FROM /* INTO $upstream", "weight": 3}}, "newer": true}}})",
      "m.json");
  const std::string hub = "$edgeHub[\"properties.desired\"].";
  EXPECT_THAT(paths_of(file),
              ElementsAre(hub + "storeAndForwardConfiguration.timeToLiveSecs",
                          hub + "storeAndForwardConfiguration.x", hub + "routes.a.weight", hub + "newer"));
  EXPECT_EQ(problems_of(file), "");
}

TEST(Manifest, OfATwinIsReadAsWell) {
  const RouteFile file = parse_route_file(
      R"({"moduleId": "$edgeHub", "properties": {"desired": {"schemaVersion": "1.0", "$version": 7, "routes":
        {"a": "FROM /* INTO $upstream"}, "mqttBroker": {"bridges": [{"endpoint": "x"}]}}}})",
      "twin.json");
  EXPECT_THAT(paths_of(file), ElementsAre("properties.desired.mqttBroker.bridges"));
}

TEST(Manifest, OfARouteFileThereIsNoNote) {
  const RouteFile file = parse_route_file(R"({"routes": {"a": "FROM /* INTO $upstream"}})", "r.json");
  EXPECT_FALSE(file.manifest);
  EXPECT_THAT(file.without_effect, IsEmpty());
}

TEST(Manifest, ListsABoundedNumberOfParts) {
  std::string modules;
  for (int i = 0; i < 1000; ++i) modules += (i == 0 ? "\"m" : ", \"m") + std::to_string(i) + R"(": {"a": 1})";
  const RouteFile file = parse_route_file(
      R"({"$edgeHub": {"properties.desired": {"schemaVersion": "1.0", "routes": {}}}, )" + modules + "}",
      "m.json");
  ASSERT_EQ(file.without_effect.size(), kManifestNotesMax + 1);
  EXPECT_EQ(to_text(file.without_effect.back()), "m.json: and 800 more parts that have no effect here");
}

// Each name is looked for among all others: a builder that goes through them one by one takes too long.
TEST(Manifest, OfManyRoutesIsReadInTimeThatGrowsWithIt) {
  std::string routes;
  constexpr size_t kRoutes = 20'000;
  for (size_t i = 0; i < kRoutes; ++i)
    routes += (i == 0 ? "\"route-number-" : ", \"route-number-") + std::to_string(i) +
              R"(": "FROM /* INTO $upstream")";
  const RouteFile file = parse_route_file(
      R"({"$edgeHub": {"properties.desired": {"schemaVersion": "1.0", "routes": {)" + routes + "}}}}",
      "m.json");
  ASSERT_EQ(file.entries.size(), kRoutes) << problems_of(file);
  EXPECT_EQ(parse_route_file(route_file_text(file.entries), "m.json").entries, file.entries);
}

// ---- bad input ----

TEST(BadManifest, OfWrongTypesSaysWhichAndHarmsNobody) {
  const std::string at = "m.json: $edgeHub[\"properties.desired\"]";
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"properties.desired": 7})", at + ".schemaVersion: is missing; allowed: \"1.0\" to \"1.4\""},
      {R"({"properties.desired": {"schemaVersion": "1.0", "routes": 7}, "properties.desired.routes.a": "r"})",
       at + ".routes: is 7; allowed: {name: route, …}"},
      {R"({"properties.desired.routes": 7, "properties.desired.routes.a": "r"})",
       at + ".routes: is 7; allowed: {name: route, …}"},
      {R"({"properties.desired.routes.a": 7, "properties.desired.routes.a.priority": 1})",
       at + ".routes.a: is 7; allowed: the route's text, or an object with \"route\""},
      {R"({"properties.desired.storeAndForwardConfiguration": 7,
           "properties.desired.storeAndForwardConfiguration.timeToLiveSecs": 1})",
       at + ".storeAndForwardConfiguration.timeToLiveSecs: is missing; allowed: seconds, -1 for ever"},
      {R"({"properties.desired": {"schemaVersion": "1.5", "routes": {}}})",
       at + ".schemaVersion: is \"1.5\"; allowed: \"1.0\" to \"1.4\""},
      {"[]", at + ": is missing; that is where a deployment manifest keeps its routes"},
      {"null", at + ": is missing; that is where a deployment manifest keeps its routes"},
  };
  for (const auto& [hub, expected] : table) {
    const RouteFile file = parse_route_file(R"({"$edgeHub": )" + hub + "}", "m.json");
    EXPECT_EQ(problems_of(file), expected) << hub;
    EXPECT_THAT(file.entries, IsEmpty()) << hub;
  }
}

TEST(BadManifest, WithPartsOfAnyTypeHasNoRoutes) {
  for (const char* part : {"null", "7", "\"x\"", "[]", "[1]", "{}", R"({"properties.desired": 7})",
                           R"({"properties.desired": {"modules": 7, "routes": [], "mqttBroker": "x"}})",
                           R"({"properties.desired.modules": {"m": {"env": 7}}, "x": 1})"}) {
    for (const char* module : {"$edgeAgent", "$edgeHub", "m"}) {
      const std::string text = std::string(R"({"modulesContent": {")") + module + "\": " + part + "}}";
      EXPECT_THAT(parse_route_file(text, "m.json").entries, IsEmpty()) << text;
    }
  }
}

TEST(BadManifest, WithAKeyTwiceNamesIt) {
  EXPECT_EQ(
      problems_of(parse_route_file(
          R"({"$edgeHub": {"properties.desired": {"schemaVersion": "1.0", "routes": {"a": "x", "a": "y"}}}})",
          "m.json")),
      "m.json: $edgeHub[\"properties.desired\"].routes.a: appears twice; keep one of them");
}

TEST(BadManifest, WithoutEdgeHubSaysWhereRoutesAre) {
  EXPECT_EQ(
      problems_of(parse_route_file(R"({"modulesContent": {"$edgeAgent": {}}})", "m.json")),
      "m.json: modulesContent.$edgeHub[\"properties.desired\"]: is missing; that is where a deployment manifest "
      "keeps its routes");
}

TEST(Manifest, MayBeginWithAByteOrderMark) {
  const RouteFile file = parse_route_file(
      "\xEF\xBB\xBF{\"$edgeHub\": {\"properties.desired\": {\"schemaVersion\": \"1.0\", \"routes\": {\"a\": \"r\"}}}}",
      "m.json");
  EXPECT_EQ(problems_of(file), "");
  EXPECT_EQ(file.entries.size(), 1u);
}

TEST(LayeredDeployment, TakesTheMembersOfARouteInAnyOrder) {
  const RouteFile file = parse_route_file(
      R"({"$edgeHub": {"properties.desired.routes.up.priority": 1,
        "properties.desired.routes.up": "FROM /* INTO $upstream", "properties.desired.routes.up.timeToLiveSecs": 9}})",
      "m.json");
  ASSERT_EQ(file.entries.size(), 1u) << problems_of(file);
  EXPECT_EQ(file.entries[0].text, "FROM /* INTO $upstream");
  EXPECT_EQ(file.entries[0].priority, 1);
  EXPECT_EQ(file.entries[0].ttl_s, 9u);
}

}  // namespace
}  // namespace headgate::routing
