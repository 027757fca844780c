#include "routing/trial/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::routing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Explain : public ::testing::Test {
 protected:
  void route(const std::string& text) {
    spec_.name = "r";
    spec_.text = text;
    std::vector<Diagnostic> found;
    const auto compiled = compile_route(text, spec_.semantics, spec_.body, found);
    ASSERT_TRUE(compiled) << found.front().message;
    told_ = explain_route(spec_, *compiled);
  }
  std::vector<std::string> about(std::string_view topic) const {
    std::vector<std::string> texts;
    for (const ExplainedLine& line : told_.lines)
      if (line.topic == topic) texts.push_back(line.text);
    return texts;
  }

  RouteSpec spec_;
  Explanation told_;
};

TEST_F(Explain, SaysOfARouteOfIotEdgeThatItIsOne) {
  route("FROM /messages/* WHERE $body.v>5 INTO $upstream");
  EXPECT_THAT(about("route"), ElementsAre("SELECT * FROM /messages/* WHERE $body.v > 5 INTO $upstream"));
  EXPECT_THAT(about("kind"), ElementsAre("passes messages on"));
  EXPECT_THAT(about("beyond"), ElementsAre("nothing: edgeHub takes this route too"));
  EXPECT_THAT(about("state"), IsEmpty());
  EXPECT_THAT(about("leads to"), ElementsAre("$upstream"));
}

TEST_F(Explain, NamesTheTablesThatARouteLooksUpIn) {
  route("SELECT lookup('limits', $body.m).max FROM 'a' WHERE lookup('limits', $body.m).on INTO $upstream");
  EXPECT_THAT(about("kind"), ElementsAre("makes a row of each message, and looks up in tables"));
  EXPECT_THAT(about("beyond"), ElementsAre("SELECT list, FROM a topic filter, lookup()"));
  EXPECT_THAT(about("looks up in"), ElementsAre("limits: not declared"));
  EXPECT_THAT(about("state"), IsEmpty());
}

TEST_F(Explain, NamesTheClausesThatIotEdgeDoesNotHave) {
  route(
      "SELECT avg($body.v) AS v FROM 'a/+' GROUP BY topic_level(2), Tumbling(1m) HAVING count(*) > 1 "
      "INTO $upstream, Topic('b')");
  EXPECT_THAT(
      about("beyond"),
      ElementsAre("SELECT list, FROM a topic filter, GROUP BY Tumbling(1m), HAVING, topic_level(), several "
                  "sinks, INTO Topic(\"b\")"));
}

TEST_F(Explain, ShowsThePlanOfAWindow) {
  route(
      "SELECT avg($body.v) AS v FROM 'a' GROUP BY $body.k, Hopping(1m, 10s) HAVING count(*) > 1 INTO $upstream");
  EXPECT_THAT(about("window"), ElementsAre("Hopping(1m, 10s)"));
  EXPECT_THAT(about("groups"), ElementsAre("$body.k"));
  EXPECT_THAT(about("aggregate"), ElementsAre("avg($body.v)", "count(*)"));
  EXPECT_THAT(about("having"), ElementsAre("count(*) > 1"));
  EXPECT_THAT(about("time"), ElementsAre("arrival at the hub"));
  EXPECT_THAT(about("leads to"), ElementsAre("$upstream as routes/r"));
}

TEST_F(Explain, ShowsHowATimestampIsTaken) {
  spec_.limits.tolerance_ms = 30'000;
  route(
      "SELECT count(*) AS n FROM 'a' TIMESTAMP BY $body.ts OVER $body.k GROUP BY Tumbling(1m) INTO $upstream");
  EXPECT_THAT(about("time"),
              Contains(StartsWith("$body.ts: ISO 8601, UTC where it has no zone; a number below 10^11")));
  EXPECT_THAT(about("watermark"), ElementsAre("one for each $body.k"));
  EXPECT_THAT(about("waits"), ElementsAre("30s for messages out of order, 1m for a source that is idle"));
  EXPECT_THAT(about("late"), ElementsAre("revise, for 1h after the end of the window"));
}

TEST_F(Explain, BoundsTheState) {
  route("SELECT count(*) AS n FROM 'a' GROUP BY $body.k, Tumbling(1m) INTO $upstream");
  EXPECT_GT(told_.group_bytes_max, 0u);
  EXPECT_LE(told_.state_bytes_max, spec_.limits.state_bytes_max);
  EXPECT_THAT(about("state"), Not(IsEmpty()));
}

TEST_F(Explain, TellsForWhomAFunctionRemembers) {
  route("FROM 'a' WHERE changed($body.v, '1%') INTO $upstream");
  EXPECT_THAT(about("kind"), ElementsAre("passes messages on, and remembers"));
  EXPECT_THAT(about("remembers"), ElementsAre("changed($body.v, '1%'), for each sender and topic"));
}

}  // namespace
}  // namespace headgate::routing
