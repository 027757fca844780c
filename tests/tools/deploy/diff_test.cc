// `headgate deploy diff`: what another manifest changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/deploy/manifests.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class DeployDiff : public DeployTest {
 protected:
  int diff(const std::string& before, const std::string& after, bool json = false) {
    out_.str("");
    err_.str("");
    std::vector<std::string> args = {"deploy", "diff", dir_.write("old.json", before),
                                     dir_.write("new.json", after)};
    if (json) args.emplace_back("--json");
    return run_headgate(std::move(args), out_, err_);
  }
  int diff_of_module(const std::string& before, const std::string& after) {
    return diff(manifest_of("\"m\": " + before), manifest_of("\"m\": " + after));
  }
};

TEST_F(DeployDiff, OfTheSameManifestIsNothingAndExitCodeZero) {
  EXPECT_EQ(diff(example(), example()), 0);
  EXPECT_EQ(out_.str(), "nothing differs\n");
}

TEST_F(DeployDiff, NamesModulesAndRoutesThatComeGoAndChange) {
  Json after = Json::parse(example());
  Json& agent = after["modulesContent"]["$edgeAgent"]["properties.desired"];
  agent["modules"]["panel"] = {{"settings", {{"image", "example/panel:3"}}}};
  agent["modules"].erase("filter");
  agent["modules"]["detector"]["settings"]["image"] = "registry.example.com/line/detector:2.1";
  Json& hub = after["modulesContent"]["$edgeHub"]["properties.desired"];
  hub["routes"].erase("filterToDetector");
  hub["routes"]["hourlyUp"]["priority"] = 3;
  hub["routes"]["sensorToFilter"] = "FROM /messages/modules/sensor/* INTO $upstream";
  hub["storeAndForwardConfiguration"]["timeToLiveSecs"] = 60;
  after["modulesContent"]["detector"]["properties.desired"]["threshold"] = 0.9;
  EXPECT_EQ(diff(example(), after.dump()), 1);
  EXPECT_EQ(
      out_.str(),
      R"text(~ module detector: settings.image: "registry.example.com/line/detector:2.0" -> "registry.example.com/line/detector:2.1"
+ module panel: "example/panel:3"
~ route sensorToFilter: route: "FROM /messages/modules/sensor/outputs/readings INTO BrokeredEndpoint(\"/modules/filter/inputs/readings\")" -> "FROM /messages/modules/sensor/* INTO $upstream"
~ route hourlyUp: priority: 5 -> 3
~ hub: storeAndForwardConfiguration.timeToLiveSecs: 7200 -> 60
~ desired properties detector: threshold: 0.8 -> 0.9
- module filter: "registry.example.com/line/filter:1.0"
- route filterToDetector: "FROM /messages/modules/filter/outputs/changed INTO BrokeredEndpoint(\"/modules/detector/inputs/readings\")"
)text");
}

TEST_F(DeployDiff, LooksIntoTheOptionsOfCreation) {
  EXPECT_EQ(
      diff_of_module(
          R"({"settings": {"image": "a", "createOptions": "{\"HostConfig\": {\"Privileged\": false}}"}})",
          R"({"settings": {"image": "a", "createOptions": {"HostConfig": {"Privileged": true}}}})"),
      1);
  EXPECT_EQ(out_.str(), "~ module m: settings.createOptions.HostConfig.Privileged: false -> true\n");
}

TEST_F(DeployDiff, TellsOfVariablesAndPasswordsWithoutTheirValues) {
  EXPECT_EQ(
      diff_of_module(
          R"({"env": {"A": {"value": "s3cret"}, "B": {"value": "s3cret"}}, "settings": {"image": "a", "createOptions": {"Env": ["C=s3cret"]}}})",
          R"({"env": {"A": {"value": "s3cret2"}, "D": {"value": "s3cret"}}, "settings": {"image": "a", "createOptions": {"Env": ["C=s3cret2"]}}})"),
      1);
  EXPECT_EQ(out_.str(),
            "~ module m: env.A: has another value\n~ module m: env.D: is new\n"
            "~ module m: settings.createOptions.Env.C: has another value\n~ module m: env.B: is gone\n");
  Json after = Json::parse(example());
  after["modulesContent"]["$edgeAgent"]["properties.desired"]["runtime"]["settings"]["registryCredentials"]
       ["plant"]["password"] = "s3cret";
  EXPECT_EQ(diff(example(), after.dump(), true), 1);
  EXPECT_EQ(
      out_.str(),
      R"({"changes":[{"change":"changed","of":"runtime","member":"settings.registryCredentials.plant.password"}]})"
      "\n");
}

TEST_F(DeployDiff, NamesTheFileAndThePlaceThatIsWrong) {
  EXPECT_EQ(diff(example(), manifest_of(R"("m": {"settings": {"createOptions": "{"}})")), 2);
  EXPECT_THAT(
      err_.str(),
      HasSubstr(
          "new.json: modulesContent.$edgeAgent[\"properties.desired\"].modules.m.settings.createOptions:1:"));
  EXPECT_EQ(diff(R"({"routes": {}})", example()), 2);
  EXPECT_THAT(err_.str(), HasSubstr("old.json: is no deployment manifest"));
}

TEST_F(DeployDiff, ReadsALayerAndTheWholeAlike) {
  EXPECT_EQ(
      diff(
          R"({"modulesContent": {"$edgeAgent": {"properties.desired.modules.a": {"settings": {"image": "x"}}},
                     "$edgeHub": {"properties.desired.routes.up": "FROM /* INTO $upstream"}}})",
          R"({"$edgeAgent": {"properties.desired": {"modules": {"a": {"settings": {"image": "x"}}}}},
                     "$edgeHub": {"properties.desired": {"routes": {"up": {"route": "FROM /* INTO $upstream"}}}}})"),
      0)
      << out_.str();
}

}  // namespace
}  // namespace headgate::tools
