#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string filter(const std::string& condition) {
  return "FROM /messages/* WHERE " + condition + " INTO $upstream";
}

// For each message, `+` if it is passed on, else `-`. Values are bodies' `v`; a second apart.
std::string passed(Course& course, std::initializer_list<const char*> values, int64_t from_ms = 0) {
  std::string marks;
  int64_t at = from_ms;
  for (const char* value : values) {
    const std::string body = *value ? std::string(R"({"v":)") + value + "}" : "{}";
    course.send(at, body);
    marks += course.results().empty() ? '-' : '+';
    at += kSecond;
  }
  return marks;
}

std::string passed(const std::string& condition, std::initializer_list<const char*> values) {
  Course course(filter(condition));
  return passed(course, values);
}

TEST(Changed, PassesTheFirstValueAndEachOtherOne) {
  EXPECT_EQ(passed("changed($body.v)", {"1", "1", "2", "2", "1"}), "+-+-+");
  EXPECT_EQ(passed("changed($body.v)", {"\"a\"", "\"a\"", "\"b\"", "1", "true", "true"}), "+-+++-");
}

TEST(Changed, ComparesWithTheValueLastForwardedSoThatSlowDriftCounts) {
  EXPECT_EQ(passed("changed($body.v, 1)", {"0", "0.6", "1", "1.2", "1.8", "2.3"}), "+--+-+");
}

TEST(Changed, TakesABandAsAShareOfTheLastValue) {
  EXPECT_EQ(passed("changed($body.v, '10%')", {"100", "109", "91", "111", "120", "123"}), "+--+-+");
}

TEST(Changed, SendsAHeartbeat) {
  EXPECT_EQ(passed("changed($body.v, 1, 3s)", {"5", "5", "5", "5", "5", "5", "5"}), "+--+--+");
}

TEST(Changed, CountsAValueThatComesOrGoes) {
  EXPECT_EQ(passed("changed($body.v)", {"", "1", "", "null", "1"}), "-++-+");
}

TEST(Changed, RemembersOnlyWhatTheWholeConditionLetPass) {
  EXPECT_EQ(passed("changed($body.v, 1) AND $body.v < 10", {"0", "20", "0.5", "3"}), "+--+");
}

TEST(Changed, RemembersWhatWasForwardedForAnotherReason) {
  EXPECT_EQ(passed("changed($body.v, 5) OR $body.v = 3", {"0", "3", "6", "9"}), "++-+");
}

TEST(Changed, ComparesLongTextsToo) {
  const std::string a = "\"" + std::string(5000, 'a') + "\"";
  const std::string b = "\"" + std::string(4999, 'a') + "b\"";
  EXPECT_EQ(passed("changed($body.v)", {a.c_str(), a.c_str(), b.c_str()}), "+-+");
}

TEST(Every, PassesAtMostOneInEachInterval) {
  EXPECT_EQ(passed("every(3s)", {"1", "1", "1", "1", "1", "1", "1"}), "+--+--+");
}

TEST(Every, IsNotUsedUpByMessagesThatDoNotPass) {
  EXPECT_EQ(passed("every(1h) AND $body.v > 1", {"1", "1", "2", "2"}), "--+-");
}

TEST(Rising, PassesWhereAConditionBeginsToHold) {
  EXPECT_EQ(passed("rising($body.v > 1)", {"0", "2", "3", "0", "2"}), "-+--+");
  EXPECT_EQ(passed("rising($body.v > 1)", {"2", "2"}), "+-");
}

TEST(Rising, KeepsItsStateOverUndefinedConditions) {
  EXPECT_EQ(passed("rising($body.v > 1)", {"2", "", "2", "0", "", "2"}), "+----+");
}

TEST(Rising, RemembersMessagesThatAreNotForwarded) {
  EXPECT_EQ(passed("rising($body.v > 1) AND $body.v < 5", {"9", "3", "0", "3"}), "---+");
}

TEST(Falling, PassesWhereAConditionCeasesToHold) {
  EXPECT_EQ(passed("falling($body.v > 1)", {"0", "2", "0", "0", "2", "1"}), "--+--+");
}

TEST(Holds, PassesOnceAConditionHasHeldForSoLong) {
  EXPECT_EQ(passed("holds($body.v > 1, 2s)", {"2", "2", "2", "2", "0", "2", "2", "2"}), "--++---+");
}

TEST(Dedup, PassesAValueOncePerInterval) {
  EXPECT_EQ(passed("dedup($body.v, 3s)", {"1", "2", "1", "1", "2", "3"}), "++-+++");
}

TEST(Dedup, ForgetsWhatHasExpired) {
  Plan plan(filter("dedup($body.v, 2s)"));
  Course course(plan);
  for (int i = 0; i < 1000; ++i) course.send(i * kSecond, R"({"v":)" + std::to_string(i) + "}");
  EXPECT_LE(course.computation().groups(), 4);
  EXPECT_EQ(course.computation().counts().evicted, 0);
}

TEST(Sample, DependsOnTheIdAlone) {
  Course course(filter("sample(0.25)"));
  Course replayed(filter("sample(0.25)"));
  size_t count = 0;
  for (int i = 0; i < 4000; ++i) {
    const Input input{i, "{}", "device", "hub-1-" + std::to_string(i)};
    const Truth truth = course.send(input);
    count += truth == Truth::yes ? 1 : 0;
    EXPECT_EQ(replayed.send(input), truth);
  }
  EXPECT_NEAR(static_cast<double>(count), 1000, 100);
}

TEST(Sample, TakesOneOfSoMany) {
  Course course(filter("sample(10)"));
  size_t count = 0;
  for (int i = 0; i < 10'000; ++i)
    count += course.send({i, "{}", "device", std::to_string(i)}) == Truth::yes ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(count), 1000, 120);
}

TEST(Lag, GivesTheValueOfMessagesBefore) {
  Course course("SELECT lag($body.v) AS one, lag($body.v, 2) AS two FROM /messages/* INTO $upstream");
  passed(course, {});
  for (const char* value : {"1", "\"b\"", "3"}) course.send(0, std::string(R"({"v":)") + value + "}");
  EXPECT_THAT(course.results(),
              ElementsAre("[0,0) {}", R"([0,0) {"one":1})", R"([0,0) {"one":"b","two":1})"));
}

TEST(Diff, GivesTheDifferenceToTheMessageBefore) {
  Course course("SELECT diff($body.v) AS d FROM /messages/* INTO $upstream");
  for (const char* value : {"1", "3.5", "\"x\"", "3"}) course.send(0, std::string(R"({"v":)") + value + "}");
  EXPECT_THAT(course.results(),
              ElementsAre("[0,0) {}", R"([0,0) {"d":2.5})", "[0,0) {}", R"([0,0) {"d":-0.5})"));
}

TEST(Diff, InSelectSeesOnlyMessagesForWhichTheConditionHolds) {
  Course course("SELECT diff($body.v) AS d FROM /messages/* WHERE $body.ok INTO $upstream");
  course.send(0, R"({"v":1,"ok":true})");
  course.send(0, R"({"v":100,"ok":false})");
  course.send(0, R"({"v":2,"ok":true})");
  EXPECT_THAT(course.results(), ElementsAre("[0,0) {}", R"([0,0) {"d":1})"));
}

TEST(Over, KeepsAMemoryForEachKey) {
  Course course(filter("changed($body.v) OVER ($body.k)"));
  for (const char* body : {R"({"k":1,"v":5})", R"({"k":"1","v":5})", R"({"k":1,"v":5})"})
    course.send(0, body);
  EXPECT_EQ(course.results().size(), 2);
}

TEST(Over, IsTheSourceUnlessItIsGiven) {
  Course course(filter("changed($body.v)"));
  course.send({0, R"({"v":5})", "press/out"});
  course.send({0, R"({"v":5})", "oven/out"});
  course.send({0, R"({"v":5})", "press/out"});
  EXPECT_THAT(course.results(), ElementsAre("[0,0) passes", "[0,0) passes"));
}

TEST(Over, ForgetsTheKeyThatWasNotChangedForLongest) {
  Plan plan(filter("changed($body.v) OVER ($body.k)"));
  plan.limits().groups_max = 2;
  Course course(plan);
  for (const char* key : {"1", "2", "3"}) course.send(0, std::string(R"({"v":5,"k":)") + key + "}");
  EXPECT_EQ(course.computation().groups(), 2);
  EXPECT_EQ(course.computation().counts().evicted, 1);
  EXPECT_EQ(course.results().size(), 3);
  course.send(0, R"({"v":5,"k":3})");
  EXPECT_THAT(course.results(), IsEmpty());
  course.send(0, R"({"v":5,"k":1})");
  EXPECT_EQ(course.results().size(), 1);
}

TEST(StatefulFunctions, GoOnAfterARestartAsIfThereHadBeenNone) {
  Course course(filter("changed($body.v, 1) AND (rising($body.v > 0) OR holds($body.v > 0, 3s))"));
  Course whole(filter("changed($body.v, 1) AND (rising($body.v > 0) OR holds($body.v > 0, 3s))"));
  for (const char* value : {"1", "-1", "3", "5", "9", "12", "15", "15"}) {
    static int64_t at = 0;
    at += kSecond;
    const std::string body = std::string(R"({"v":)") + value + "}";
    course.send(at, body);
    whole.send(at, body);
    course.save();
    course.restart();
  }
  EXPECT_EQ(course.results(), whole.results());
}

TEST(StatefulFunctions, DecideWhichMessagesAWindowTakes) {
  Course course(
      "SELECT count(*) AS n FROM /messages/* WHERE dedup($body.tag, 10m) GROUP BY Tumbling(1m) INTO $upstream");
  for (const char* tag : {"1", "2", "1", "3"}) course.send(0, std::string(R"({"tag":)") + tag + "}");
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) {"n":3})"));
}

TEST(StatefulFunctions, AddMembersToTheBodyThatIsPassedOn) {
  Course course("SELECT *, diff($body.v) AS d FROM /messages/* INTO $upstream");
  course.send(0, R"({"v":1})");
  course.send(0, R"({"v":4})");
  EXPECT_THAT(course.results(), ElementsAre(R"([0,0) {"v":1})", R"([0,0) {"v":4,"d":3})"));
}

// Restarts after each message, from what is stored.
std::string passed_with_restarts(const std::string& condition, std::initializer_list<const char*> values) {
  Course course(filter(condition));
  std::string marks;
  int64_t at = 0;
  for (const char* value : values) {
    marks += passed(course, {value}, at);
    course.save();
    course.restart();
    at += kSecond;
  }
  return marks;
}

TEST(FunctionsThatRemember, GoOnAfterARestartBetweenAnyTwoMessages) {
  EXPECT_EQ(passed_with_restarts("every(3s)", {"1", "1", "1", "1", "1", "1", "1"}), "+--+--+");
  EXPECT_EQ(passed_with_restarts("changed($body.v, 1, 3s)", {"5", "5.5", "", "5", "5", "5", "5"}), "+-++--+");
  EXPECT_EQ(passed_with_restarts("dedup($body.v, 2s)", {"1", "1", "1", "2", "1", "1"}), "+-+++-");
  EXPECT_EQ(passed_with_restarts("rising($body.v > 2)", {"3", "1", "", "3", "4"}), "+--+-");
  EXPECT_EQ(passed_with_restarts("holds($body.v > 2, 2s)", {"3", "3", "3", "", "3", "1", "3"}), "--+-+--");
}

TEST(FunctionsThatRemember, AreAllAskedWhateverTheOthersSay) {
  // Were the second not asked beside the first, 2.2 would be its first value.
  EXPECT_EQ(passed("$body.v < 2 OR changed($body.v, 1)", {"1", "1.5", "2.2", "3", "3.5"}), "++-+-");
  EXPECT_EQ(passed("$body.v > 2 AND every(2s)", {"1", "3", "3", "3", "1", "3"}), "-+-+-+");
  EXPECT_EQ(passed("every(2s) OR $body.v > 2", {"3", "3", "3", "1", "1"}), "+++-+");
}

TEST(FunctionsThatRemember, CompareABandWithTheValueLastForwardedThroughMissingOnes) {
  EXPECT_EQ(passed("changed($body.v, 1)", {"5", "", "", "5.5", "6", "6.6"}), "++-+-+");
  EXPECT_EQ(passed("changed($body.v, 1) AND is_defined($body.v)", {"5", "", "5.5", "6.2", "", "6.9"}),
            "+--+--");
}

}  // namespace
}  // namespace headgate::routing
