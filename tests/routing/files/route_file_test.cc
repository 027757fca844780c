#include "routing/files/route_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::routing {
namespace {

RouteFile read_file(std::string_view json) { return parse_route_file(json, "r.json"); }

// A deployment manifest around the desired properties of $edgeHub.
RouteFile read_manifest(std::string_view desired) {
  return read_file(R"({"modulesContent": {"$edgeAgent": {}, "$edgeHub": {"properties.desired": )" +
                   std::string(desired) + "}}}");
}

std::string errors_of(const RouteFile& file) {
  std::string all;
  for (const RouteFileError& error : file.errors) all += (all.empty() ? "" : "\n") + error.what;
  return all;
}

TEST(RouteFile, TakesTextsAndObjectsInTheOrderOfTheFile) {
  const RouteFile file = read_file(R"({"routes": {
    "z": "FROM /* INTO $upstream",
    "a": {"route": "FROM /* INTO $null", "priority": 9, "timeToLiveSecs": 60, "semantics": "edgehub", "body": "auto"}}})");
  ASSERT_EQ(file.entries.size(), 2u) << errors_of(file);
  EXPECT_EQ(file.entries[0], (RouteFileEntry{"z", "FROM /* INTO $upstream", std::nullopt, std::nullopt,
                                             Semantics::strict, BodyMode::auto_detect, "r.json"}));
  EXPECT_EQ(file.entries[1], (RouteFileEntry{"a", "FROM /* INTO $null", uint8_t{9}, 60u, Semantics::edgehub,
                                             BodyMode::auto_detect, "r.json"}));
}

TEST(RouteFile, FileOptionsAreDefaultsOfItsRoutes) {
  const RouteFile file = read_file(R"({"semantics": "edgehub", "routes": {
    "old": "FROM /* INTO $upstream", "new": {"route": "FROM /* INTO $upstream", "semantics": "strict"}}})");
  ASSERT_EQ(file.entries.size(), 2u) << errors_of(file);
  EXPECT_EQ(file.entries[0].semantics, Semantics::edgehub);
  EXPECT_EQ(file.entries[0].body, BodyMode::declared) << "edgehub semantics imply declared bodies";
  EXPECT_EQ(file.entries[1].semantics, Semantics::strict);
  EXPECT_EQ(file.entries[1].body, BodyMode::auto_detect);
}

TEST(RouteFile, ARouteMayNameTheLinkThatItGoesOverOrSeveral) {
  const RouteFile file = read_file(R"({"routes": {
    "a": {"route": "FROM /* INTO $upstream", "link": "lte"},
    "b": {"route": "FROM /* INTO $upstream", "link": ["lte", "fiber.2"]}}})");
  ASSERT_EQ(file.entries.size(), 2u) << errors_of(file);
  EXPECT_EQ(file.entries[0].links, std::vector<std::string>{"lte"});
  EXPECT_EQ(file.entries[1].links, (std::vector<std::string>{"lte", "fiber.2"}));
  for (const char* wrong : {"\"\"", "7", "[]", "[7]", "\"a,b\"", "{}", "\"a b\""}) {
    EXPECT_THAT(
        errors_of(read_file(R"({"routes": {"a": {"route": "r", "link": )" + std::string(wrong) + "}}}")),
        ::testing::HasSubstr("r.json: routes.a.link: is "))
        << wrong;
  }
  EXPECT_EQ(errors_of(read_file(R"({"routes": {"a": {"route": "r", "link": ["x", "x"]}}})")),
            "r.json: routes.a.link: names \"x\" twice; leave one of them out");
}

TEST(RouteFile, ARouteMayRetainWhatItPublishes) {
  const RouteFile file = read_file(R"x({"routes": {
    "a": {"route": "FROM /* INTO Topic('t')", "retain": true}, "b": {"route": "FROM /* INTO $null"}}})x");
  ASSERT_EQ(file.entries.size(), 2u) << errors_of(file);
  EXPECT_TRUE(file.entries[0].retain);
  EXPECT_FALSE(file.entries[1].retain);
  EXPECT_EQ(errors_of(read_file(R"({"routes": {"a": {"route": "r", "retain": "yes"}}})")),
            "r.json: routes.a.retain: is \"yes\"; allowed: true or false");
}

TEST(RouteFile, BlankTextIsSkipped) {
  const RouteFile file = read_file(R"({"routes": {"later": "  ", "now": "FROM /* INTO $upstream"}})");
  EXPECT_EQ(file.entries.size(), 1u);
  EXPECT_TRUE(file.errors.empty());
}

TEST(RouteFile, ZeroTimeToLiveTakesTheDefault) {
  EXPECT_EQ(read_file(R"({"routes": {"a": {"route": "r", "timeToLiveSecs": 0}}})").entries.at(0).ttl_s,
            std::nullopt);
}

TEST(RouteFile, TimeToLiveOfMinusOneIsForEver) {
  EXPECT_EQ(read_file(R"({"routes": {"a": {"route": "r", "timeToLiveSecs": -1}}})").entries.at(0).ttl_s, 0u);
}

TEST(RouteFile, TimeToLiveOfAManifestsRouteIsNeverNegative) {
  const RouteFile file = read_manifest(
      R"({"schemaVersion": "1.1", "storeAndForwardConfiguration": {"timeToLiveSecs": 1},
          "routes": {"a": {"route": "r", "timeToLiveSecs": -1}}})");
  EXPECT_THAT(errors_of(file),
              ::testing::EndsWith("is -1; allowed: 0 to 4294967295 s, where 0 takes the default"));
}

TEST(RouteFile, ErrorsSayWhereWhatAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"a": 7})", "r.json: routes.a: is 7; allowed: the route's text, or an object with \"route\""},
      {R"({" ": "r"})", "r.json: routes[\" \"]: a route needs a name that is not blank"},
      {R"({"a": {}})", "r.json: routes.a.route: is missing; allowed: the route's text"},
      {R"({"a": {"route": " "}})", "r.json: routes.a.route: is \" \"; allowed: the route's text, not blank"},
      {R"({"a": {"route": 1}})", "r.json: routes.a.route: is 1; allowed: the route's text, not blank"},
      {R"({"a": {"route": "r", "priority": 10}})",
       "r.json: routes.a.priority: is 10; allowed: 0 (first) to 9, or no priority"},
      {R"({"a": {"route": "r", "priority": -1}})",
       "r.json: routes.a.priority: is -1; allowed: 0 (first) to 9, or no priority"},
      {R"({"a": {"route": "r", "priority": "1"}})",
       "r.json: routes.a.priority: is \"1\"; allowed: 0 (first) to 9, or no priority"},
      {R"({"a": {"route": "r", "timeToLiveSecs": 4294967296}})",
       "r.json: routes.a.timeToLiveSecs: is 4294967296; allowed: 0 to 4294967295 s, where 0 takes the "
       "default, or -1 for ever"},
      {R"({"a": {"route": "r", "timeToLiveSecs": -2}})",
       "r.json: routes.a.timeToLiveSecs: is -2; allowed: 0 to 4294967295 s, where 0 takes the default, or -1 for "
       "ever"},
      {R"({"a": {"route": "r", "semantics": "loose"}})",
       "r.json: routes.a.semantics: is \"loose\"; allowed: \"strict\" or \"edgehub\""},
      {R"({"a": {"route": "r", "body": 1}})",
       "r.json: routes.a.body: is 1; allowed: \"auto\" or \"declared\""},
      {R"({"a": {"route": "r", "priorty": 1}})",
       "r.json: routes.a.priorty: unknown key; did you mean \"priority\"?"},
  };
  for (const auto& [routes, expected] : table) {
    const RouteFile file = read_file(R"({"routes": )" + routes + "}");
    EXPECT_EQ(errors_of(file), expected) << routes;
    EXPECT_TRUE(file.entries.empty()) << routes;
  }
}

TEST(RouteFile, OneBadEntryHarmsOnlyItself) {
  const RouteFile file = read_file(R"({"routes": {"bad": {"route": "r", "priority": 77}, "good": "r"}})");
  ASSERT_EQ(file.entries.size(), 1u);
  EXPECT_EQ(file.entries[0].name, "good");
  EXPECT_EQ(file.errors.at(0).route, "bad");
}

TEST(RouteFile, WhatConcernsTheWholeFileLoadsNothing) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[1]", "r.json: is a list; a route file is an object with \"routes\""},
      {"{}", "r.json: routes: is missing; a route file is {\"routes\": {name: route, …}}"},
      {R"({"routes": []})", "r.json: routes: is a list; allowed: {name: route, …}"},
      {R"({"routes": {"a": "r"}, "semantics": 1})",
       "r.json: semantics: is 1; allowed: \"strict\" or \"edgehub\""},
      {R"({"routes": {"a": "r" "b"}})",
       "r.json:1:24: syntax error while parsing object - unexpected string literal; expected '}'"},
      {"{\"password\": \"s3cr3t\n\"}",  // the library quotes it
       "r.json:1:21: syntax error while parsing value - invalid string: control character U+000A (LF) must be "
       "escaped to \\u000A or \\n"},
      {R"({"routes": {"a": "r", "a": "r"}})", "r.json: routes.a: appears twice; keep one of them"},
  };
  for (const auto& [json, expected] : table) {
    const RouteFile file = read_file(json);
    EXPECT_EQ(errors_of(file), expected) << json;
    EXPECT_TRUE(file.entries.empty()) << json;
  }
}

TEST(RouteFile, DeepNestingIsRefusedHoweverDeep) {
  for (const size_t depth : {64u, 100'000u}) {
    const RouteFile file =
        read_file(R"({"routes": {"a": )" + std::string(depth, '[') + std::string(depth, ']') + "}}");
    EXPECT_EQ(errors_of(file), "r.json: routes.a: is nested deeper than 64 levels") << depth;
  }
  const std::string objects = [] {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "{\"x\":";
    return text + "1" + std::string(1000, '}');
  }();
  EXPECT_THAT(errors_of(read_file(objects)), ::testing::EndsWith(": is nested deeper than 64 levels"));
}

TEST(RouteFile, AnUnknownTopLevelKeyIsReportedAndTheRoutesLoad) {
  const RouteFile file = read_file(R"({"routes": {"a": "r"}, "sematics": "strict"})");
  EXPECT_EQ(errors_of(file), "r.json: sematics: unknown key; did you mean \"semantics\"?");
  EXPECT_EQ(file.entries.size(), 1u);
}

TEST(RouteFile, ReadsAnIotEdgeDeploymentManifest) {
  const RouteFile file =
      read_manifest(R"({"schemaVersion": "1.1", "storeAndForwardConfiguration": {"timeToLiveSecs": 7200},
    "routes": {"sensor": "FROM /messages/* INTO $upstream",
               "hot": {"route": "FROM /* INTO $upstream", "priority": 0, "timeToLiveSecs": 86400}}})");
  ASSERT_EQ(file.entries.size(), 2u) << errors_of(file);
  EXPECT_EQ(file.entries[0].ttl_s, 7200u) << "the manifest's default";
  EXPECT_EQ(file.entries[1].ttl_s, 86400u);
  EXPECT_EQ(file.entries[1].priority, uint8_t{0});
}

TEST(RouteFile, ReadsTheFormsThatToolsWrapAManifestIn) {
  const std::string desired = R"({"schemaVersion": "1.0", "routes": {"a": "r"}})";
  EXPECT_EQ(read_file(desired).entries.size(), 1u);
  EXPECT_EQ(
      read_file(R"({"content": {"modulesContent": {"$edgeHub": {"properties.desired": )" + desired + "}}}}")
          .entries.size(),
      1u);
}

TEST(RouteFile, NegativeManifestTimeToLiveIsForEver) {
  const RouteFile file = read_manifest(
      R"({"schemaVersion": "1.0.3", "storeAndForwardConfiguration": {"timeToLiveSecs": -1}, "routes": {"a": "r"}})");
  EXPECT_EQ(file.entries.at(0).ttl_s, 0u);
}

TEST(RouteFile, ManifestSectionsWithoutMeaningHereAreAccepted) {
  const RouteFile file =
      read_manifest(R"({"schemaVersion": "1.3", "$version": 4, "integrity": {}, "mqttBroker": {},
    "storeAndForwardConfiguration": {"timeToLiveSecs": 1}, "routes": {"a": {"route": "r", "note": 1}}})");
  EXPECT_EQ(file.entries.size(), 1u);
  EXPECT_TRUE(file.errors.empty());
}

TEST(RouteFile, ManifestRulesOfTheSchemaVersionHold) {
  const std::string at = "r.json: modulesContent.$edgeHub[\"properties.desired\"].";
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"routes": {}})", at + "schemaVersion: is missing; allowed: \"1.0\" to \"1.4\""},
      {R"({"schemaVersion": "2.0"})", at + "schemaVersion: is \"2.0\"; allowed: \"1.0\" to \"1.4\""},
      {R"({"schemaVersion": "1.5"})", at + "schemaVersion: is \"1.5\"; allowed: \"1.0\" to \"1.4\""},
      {R"({"schemaVersion": "1"})", at + "schemaVersion: is \"1\"; allowed: \"1.0\" to \"1.4\""},
      {R"({"schemaVersion": 1.1})", at + "schemaVersion: is 1.1; allowed: \"1.0\" to \"1.4\""},
      {R"({"schemaVersion": "1.1"})", at + "routes: is missing; schema 1.1 demands it"},
      {R"({"schemaVersion": "1.2", "routes": {"a": "r"}})",
       at + "storeAndForwardConfiguration: is missing; schema 1.1 demands it"},
      {R"({"schemaVersion": "1.0", "storeAndForwardConfiguration": {}, "routes": {"a": "r"}})",
       at + "storeAndForwardConfiguration.timeToLiveSecs: is missing; allowed: seconds, -1 for ever"},
      {R"({"schemaVersion": "1.0", "storeAndForwardConfiguration": {"timeToLiveSecs": 3000000000}, "routes": {"a": "r"}})",
       at + "storeAndForwardConfiguration.timeToLiveSecs: is 3000000000; allowed: seconds up to 2147483647, "
            "-1 for ever"},
      {R"({"schemaVersion": "1.0", "routes": {"a": {"route": "r"}}})",
       at + "routes.a: is an object; allowed: the route's text (objects came with schema 1.1)"},
  };
  for (const auto& [desired, expected] : table) {
    const RouteFile file = read_manifest(desired);
    EXPECT_EQ(errors_of(file), expected) << desired;
    EXPECT_TRUE(file.entries.empty()) << desired;
  }
  EXPECT_EQ(errors_of(read_file(R"({"modulesContent": {"$edgeAgent": {}}})")),
            "r.json: modulesContent.$edgeHub[\"properties.desired\"]: is missing; that is where a deployment "
            "manifest "
            "keeps its routes");
}

// ---- layered deployments ----

RouteFile read_layer(std::string_view hub) {
  return read_file(
      R"({"content": {"modulesContent": {"$edgeAgent": {"properties.desired.modules.m": {}}, "$edgeHub": )" +
      std::string(hub) + "}}}");
}

TEST(LayeredDeployment, AddsRoutesByKeysWithDots) {
  const RouteFile file = read_layer(R"({"properties.desired.routes.up": "FROM /* INTO $upstream",
    "properties.desired.routes.a.b": {"route": "FROM /* INTO $null", "priority": 3, "timeToLiveSecs": 60}})");
  ASSERT_EQ(file.entries.size(), 2u) << errors_of(file);
  EXPECT_EQ(file.entries[0].name, "up");
  EXPECT_EQ(file.entries[0].text, "FROM /* INTO $upstream");
  EXPECT_EQ(file.entries[1].name, "a.b");
  EXPECT_EQ(file.entries[1].priority, 3);
  EXPECT_EQ(file.entries[1].ttl_s, 60u);
}

TEST(LayeredDeployment, MaySetTheMembersOfARouteOneByOne) {
  const RouteFile file = read_layer(R"({"properties.desired.routes.up.route": "FROM /* INTO $upstream",
    "properties.desired.routes.up.priority": 1})");
  ASSERT_EQ(file.entries.size(), 1u) << errors_of(file);
  EXPECT_EQ(file.entries[0].name, "up");
  EXPECT_EQ(file.entries[0].priority, 1);
}

TEST(LayeredDeployment, NeedsNoSchemaVersionAndMaySetTheTimeToLive) {
  const RouteFile file = read_layer(R"({"properties.desired.routes.up": "FROM /* INTO $upstream",
    "properties.desired.storeAndForwardConfiguration.timeToLiveSecs": 7200})");
  ASSERT_EQ(file.entries.size(), 1u) << errors_of(file);
  EXPECT_EQ(file.entries[0].ttl_s, 7200u);
}

TEST(LayeredDeployment, ChangesWhatTheDeploymentBelowItSays) {
  const RouteFile file = read_layer(R"({"properties.desired": {"schemaVersion": "1.0",
      "routes": {"a": "FROM /* INTO $null", "b": "FROM /* INTO $null"}},
    "properties.desired.routes.a": "FROM /* INTO $upstream", "properties.desired.routes.b": null})");
  ASSERT_EQ(file.entries.size(), 1u) << errors_of(file);
  EXPECT_EQ(file.entries[0].text, "FROM /* INTO $upstream");
}

TEST(LayeredDeployment, SaysWhatIsWrongWhere) {
  EXPECT_EQ(
      errors_of(read_layer(R"({"properties.desired.routes.a": 7})")),
      "r.json: modulesContent.$edgeHub[\"properties.desired\"].routes.a: is 7; allowed: the route's text, or an "
      "object with \"route\"");
  EXPECT_EQ(
      errors_of(read_layer("{}")),
      "r.json: modulesContent.$edgeHub[\"properties.desired\"]: is missing; that is where a deployment manifest "
      "keeps its routes");
}

TEST(RouteFile, TakesTheTwinOfEdgeHubAsTheToolsPrintIt) {
  const RouteFile file = read_file(R"({"deviceId": "d", "moduleId": "$edgeHub", "properties": {"desired":
    {"schemaVersion": "1.0", "$version": 3, "routes": {"a": "FROM /* INTO $upstream", "old": null}}, "reported": {}}})");
  ASSERT_EQ(file.entries.size(), 1u) << errors_of(file);
  EXPECT_TRUE(file.errors.empty());
}

// ---- whole configurations ----

TEST(RouteText, OfAWholeConfigurationIsItsRoutesAndItsDirectory) {
  const RouteText read = parse_route_text(
      R"({"hub_id": "h", // of the site
          "routes_dir": "etc/routes", "upstream": {"host": "cloud"}, "routes": {"a": "FROM /* INTO $upstream", "b": 7}})",
      "site.json");
  ASSERT_EQ(read.routes.entries.size(), 1u);
  EXPECT_EQ(read.routes_dir, "etc/routes");
  EXPECT_EQ(errors_of(read.routes),
            "site.json: routes.b: is 7; allowed: the route's text, or an object with \"route\"");
}

TEST(RouteText, OfAConfigurationWithoutRoutesHasNone) {
  EXPECT_TRUE(parse_route_text(R"({"hub_id": "h"})", "site.json").routes.errors.empty());
}

TEST(RouteText, OfARouteFileIsReadAsStrictlyAsTheHubReadsIt) {
  EXPECT_EQ(errors_of(parse_route_text(R"({"routes": {}, "rutes": {}})", "r.json").routes),
            "r.json: rutes: unknown key; did you mean \"routes\"?");
}

}  // namespace
}  // namespace headgate::routing
