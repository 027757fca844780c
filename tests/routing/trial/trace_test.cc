#include "routing/trial/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;

// Lines with two blanks before each level of depth.
std::vector<std::string> trace(const std::string& condition, const std::string& body) {
  std::vector<Diagnostic> found;
  const auto route = compile_route("FROM /messages/* WHERE " + condition + " INTO $upstream",
                                   Semantics::strict, BodyMode::auto_detect, found);
  if (!route) return {found.front().message};
  core::Message message;
  message.topic = "plant/1";
  message.body = body;
  MessageFields fields;
  fields.bind(message);
  std::vector<std::string> lines;
  for (const TraceLine& line : trace_condition(*route, fields, nullptr))
    lines.push_back(std::string(line.depth * 2, ' ') + line.text);
  return lines;
}

TEST(Trace, NamesTheOperandThatIsNotThere) {
  EXPECT_THAT(trace("$body.score >= 0.8", "{}"),
              ElementsAre("($body.score >= 0.8) = undefined: $body.score is not there"));
}

TEST(Trace, ShowsTheValueThatDoesNotFit) {
  EXPECT_THAT(trace("$body.score >= 0.8", R"({"score":0.3})"),
              ElementsAre("($body.score >= 0.8) = false: $body.score is 0.3"));
  EXPECT_THAT(trace("$body.score >= 0.8", R"({"score":"high"})"),
              ElementsAre("($body.score >= 0.8) = undefined: $body.score is 'high'"));
  EXPECT_THAT(trace("$body.score >= 0.8", R"({"score":{}})"),
              ElementsAre("($body.score >= 0.8) = undefined: $body.score is an object or an array"));
}

TEST(Trace, SaysWhyABodyCannotBeRead) {
  EXPECT_THAT(trace("$body.score >= 0.8", "23.5"),
              ElementsAre("($body.score >= 0.8) = undefined: the body is JSON, but not an object"));
}

TEST(Trace, GoesDownToThePartsThatDecide) {
  EXPECT_THAT(trace("$body.a = 1 AND $body.b = 2", R"({"a":1,"b":3})"),
              ElementsAre("($body.a = 1 AND $body.b = 2) = false", "  ($body.b = 2) = false: $body.b is 3"));
  EXPECT_THAT(trace("$body.a = 1 OR $body.b = 2", R"({"b":3})"),
              ElementsAre("($body.a = 1 OR $body.b = 2) = undefined",
                          "  ($body.a = 1) = undefined: $body.a is not there",
                          "  ($body.b = 2) = false: $body.b is 3"));
  EXPECT_THAT(trace("NOT ($body.a = 1)", R"({"a":1})"),
              ElementsAre("(NOT ($body.a = 1)) = false", "  ($body.a = 1) = true: $body.a is 1"));
}

TEST(Trace, ShowsAFieldOnceAndAllThatACallTakes) {
  EXPECT_THAT(trace("length(temp) + length(temp) > 1", "{}"),
              ElementsAre("(length(temp) + length(temp) > 1) = undefined: temp is not there"));
  EXPECT_THAT(trace("starts_with($topic, 'line')", "{}"),
              ElementsAre("(starts_with($topic, 'line')) = false: $topic is 'plant/1'"));
}

TEST(Trace, SaysOfAFunctionThatRemembersThatItsValueIsNotKnown) {
  EXPECT_THAT(trace("changed($body.v)", R"({"v":1})"),
              ElementsAre("(changed($body.v)) = undefined: changed($body.v) is not known"));
}

}  // namespace
}  // namespace headgate::routing
