// twin_change_includes() over what the hub says of twins, and what is wrong with it.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/message_fields.h"
#include "routing/language/print.h"
#include "routing/table/compile.h"

namespace headgate::routing {
namespace {

core::Message change_of(const std::string& patch, const std::string& topic = "$edge/twin/edge-1/sensor") {
  core::Message change;
  change.topic = topic;
  change.body = patch;
  core::Properties with;
  with.content_type = "application/json";
  with.content_encoding = "utf-8";
  change.properties = std::make_shared<const core::Properties>(std::move(with));
  return change;
}

std::string errors_of(const std::string& text, Semantics semantics = Semantics::edgehub) {
  std::vector<Diagnostic> found;
  std::string rendered;
  if (compile_route(text, semantics, BodyMode::auto_detect, found)) return "ok";
  for (const Diagnostic& one : found) {
    if (one.severity == Severity::error) rendered += render(one, text);
  }
  return rendered;
}

std::string with(const std::string& argument, Semantics semantics = Semantics::edgehub) {
  return errors_of(
      "FROM /twinChangeNotifications WHERE twin_change_includes(" + argument + ") INTO $upstream", semantics);
}

Truth decided(const std::string& condition, const core::Message& message, Semantics semantics,
              const std::string& source = "/twinChangeNotifications") {
  std::vector<Diagnostic> found;
  const auto route = compile_route("FROM " + source + " WHERE " + condition + " INTO $upstream", semantics,
                                   BodyMode::auto_detect, found);
  if (!route) {
    ADD_FAILURE() << condition << ": " << found.front().message;
    return Truth::undefined;
  }
  MessageFields fields;
  fields.bind(message);
  Evaluator evaluator;
  return evaluator.decide(route->condition, route->reading, fields);
}

class TwinChangeIncludes : public ::testing::TestWithParam<Semantics> {
 protected:
  static Truth decide(const std::string& condition, const core::Message& message) {
    return decided(condition, message, GetParam());
  }
};
INSTANTIATE_TEST_SUITE_P(OfEachSemantics, TwinChangeIncludes,
                         ::testing::Values(Semantics::edgehub, Semantics::strict),
                         [](const auto& of) { return of.param == Semantics::strict ? "strict" : "edgehub"; });

TEST_P(TwinChangeIncludes, WhatThePatchSetsAtAnyDepth) {
  const auto change =
      change_of(R"({"weather":{"temperature":50,"place":{"city":"Redmond"}},"tags":[1,2],"off":false})");
  for (const char* path :
       {"weather", "weather.temperature", "weather.place", "weather.place.city", "tags", "off"})
    EXPECT_EQ(decide("twin_change_includes(properties.reported." + std::string(path) + ")", change),
              Truth::yes)
        << path;
  for (const char* path : {"Weather", "weather.wind", "weather.temperature.x", "rain"})
    EXPECT_EQ(decide("twin_change_includes(properties.reported." + std::string(path) + ")", change),
              Truth::no)
        << path;
}

TEST_P(TwinChangeIncludes, NothingThatNoClientReports) {
  const auto change = change_of(R"({"weather":1})");
  EXPECT_EQ(decide("twin_change_includes(properties.desired.weather)", change), Truth::no);
  EXPECT_EQ(decide("twin_change_includes(tags.weather)", change), Truth::no);
}

TEST_P(TwinChangeIncludes, InAnyCaseButThatOfNamesAndInsideOfConditions) {
  const auto change = change_of(R"({"a":1})");
  EXPECT_EQ(decide("TWIN_Change_includes(Properties.REPORTED.a)", change), Truth::yes);
  EXPECT_EQ(
      decide(
          "twin_change_includes(properties.reported.a) AND NOT(twin_change_includes(properties.reported.b))",
          change),
      Truth::yes);
  EXPECT_EQ(decide("twin_change_includes(properties.reported.a) = true", change), Truth::yes);
}

TEST_P(TwinChangeIncludes, IsUndefinedForWhatCannotBeRead) {
  EXPECT_EQ(decide("twin_change_includes(properties.reported.a)", change_of("")), Truth::undefined);
  EXPECT_EQ(decide("twin_change_includes(properties.desired.a)", change_of("random")), Truth::undefined);
}

TEST_P(TwinChangeIncludes, IsUndefinedForMessagesOfAnotherSourceOfTheRoute) {
  EXPECT_EQ(decided("twin_change_includes(properties.reported.a)",
                    change_of(R"({"a":1})", "modules/m/outputs/o"), GetParam(), "/*"),
            Truth::undefined);
}

TEST(TwinChangeIncludesRemovals, WhichEdgeHubTakesForNothing) {
  const auto change = change_of(R"({"a":null})");
  EXPECT_EQ(decided("twin_change_includes(properties.reported.a)", change, Semantics::strict), Truth::yes);
  EXPECT_EQ(decided("twin_change_includes(properties.reported.a)", change, Semantics::edgehub), Truth::no);
}

TEST(TwinChangeIncludesText, IsPrintedAsItIsRead) {
  std::vector<Diagnostic> found;
  const auto route = compile_route(
      "FROM /twinChangeNotifications WHERE TWIN_CHANGE_INCLUDES( properties.reported.A.b ) INTO $upstream",
      Semantics::strict, BodyMode::auto_detect, found);
  ASSERT_TRUE(route);
  EXPECT_EQ(
      print(route->source, route->condition, route->query, route->sinks),
      "SELECT * FROM /twinchangenotifications/* WHERE twin_change_includes(properties.reported.A.b) INTO $upstream");
}

TEST(TwinChangeIncludesErrors, NameThePlaceAndWhatToWrite) {
  EXPECT_EQ(with("properties.abcd"),
            "1:58: error: not a path into a twin: it begins with `properties.reported.`, and has no `[`\n"
            "  FROM /twinChangeNotifications WHERE twin_change_includes(properties.abcd) INTO $upstream\n"
            "                                                           ^^^^^^^^^^^^^^^\n"
            "  help: write twin_change_includes(properties.reported.name)\n");
  EXPECT_TRUE(with("").starts_with("1:37: error: `twin_change_includes` needs the path of a property\n"));
  EXPECT_TRUE(
      with("properties.reported.a, b").starts_with("1:79: error: `twin_change_includes` takes one path\n"));
}

TEST(TwinChangeIncludesErrors, AreAllThatIsNoPath) {
  for (const Semantics semantics : {Semantics::edgehub, Semantics::strict}) {
    for (const char* argument :
         {"", "   ", "properties.", "123123", "123abc", "properties.reported.", "properties.reported.a..b",
          "properties.desired.twin,,,,,", "properties[0]", "properties.desired.twin[0].test1",
          "properties.reported.[123]", "properties.reported.a[]", "properties[]", "properties[123].",
          "properties.reported.a, abc", "'properties.reported.a'", "$body.a", "properties.reported.a b"})
      EXPECT_NE(with(argument, semantics), "ok") << argument;
    EXPECT_EQ(with("properties.reported.a", semantics), "ok");
  }
}

TEST(TwinChangeIncludesErrors, AreSourcesThatGiveNoChangesOfTwins) {
  const std::string condition = " WHERE twin_change_includes(properties.reported.a) INTO $upstream";
  for (const Semantics semantics : {Semantics::edgehub, Semantics::strict}) {
    EXPECT_EQ(
        errors_of("FROM /messages/*" + condition, semantics),
        "1:24: error: `twin_change_includes` looks at changes of twins, and none comes from this source\n"
        "  FROM /messages/*" +
            condition +
            "\n"
            "                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "  help: write FROM /twinChangeNotifications\n");
    EXPECT_EQ(errors_of("FROM /*" + condition, semantics), "ok");
  }
  EXPECT_NE(errors_of("FROM 'plant/#'" + condition, Semantics::strict), "ok");
}

}  // namespace
}  // namespace headgate::routing
