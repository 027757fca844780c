// Routes that end: what their open windows give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string counts(const std::string& window) {
  return "SELECT count(*) AS n FROM /messages/* GROUP BY " + window + " INTO $upstream";
}

TEST(Closing, GivesAnOpenWindowAsItIs) {
  Course course(counts("Tumbling(1m)"));
  course.send(1000, "{}");
  course.close();
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) partial {"n":1})"));
  EXPECT_EQ(course.computation().groups(), 0);
}

TEST(Closing, GivesEachOfTheWindowsThatOverlap) {
  Course course(counts("Hopping(3s, 1s)"));
  course.send(1500, "{}");
  course.send(2500, "{}");
  course.close();
  EXPECT_THAT(course.results(),
              ElementsAre(R"([-1000,2000) {"n":1})", R"([0,3000) partial {"n":2})",
                          R"([1000,4000) partial {"n":2})", R"([2000,5000) partial {"n":1})"));
}

TEST(Closing, GivesASessionThatIsOpenAndNoneThatHasGivenItsResult) {
  Course course(counts("Session(10s, 1h)"));
  course.send(0, "{}");
  course.send(30'000, "{}");
  EXPECT_THAT(course.results(), ElementsAre(R"([0,10000) {"n":1})"));
  course.close();
  EXPECT_THAT(course.results(), ElementsAre(R"([30000,40000) partial {"n":1})"));
}

TEST(Closing, GivesTheBeginningsOfWindowsByCount) {
  Course course(counts("Count(4, 2)"));
  for (int i = 0; i < 5; ++i) course.send(i, "{}");
  EXPECT_THAT(course.results(), ElementsAre(R"([0,3) {"n":4})"));
  course.close();
  EXPECT_THAT(course.results(), ElementsAre(R"([2,4) partial {"n":3})", R"([4,4) partial {"n":1})"));
}

TEST(Closing, GivesNothingOfSlidingWindowsWhichGaveItWithTheMessage) {
  Course course(counts("Sliding(10s)"));
  course.send(0, "{}");
  (void)course.results();
  course.close();
  EXPECT_THAT(course.results(), IsEmpty());
}

TEST(Closing, GivesARevisionThatIsOwedAndNoWindowTwice) {
  Plan plan(
      "SELECT count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts GROUP BY Tumbling(10s) INTO $upstream");
  plan.late(LatePolicy::revise, 5 * kSecond);
  Course course(plan);
  course.send(0, R"({"ts":0})");
  course.send(20'000, R"({"ts":20})");
  course.send(20'001, R"({"ts":1})");
  EXPECT_THAT(course.results(), ElementsAre(R"([0,10000) {"n":1})"));
  course.close();
  EXPECT_THAT(course.results(), ElementsAre(R"([0,10000) r1 {"n":2})", R"([20000,30000) partial {"n":1})"));
}

TEST(Closing, GoesOnWhereItWasAfterACrashAtEveryStep) {
  for (const char* window : {"Hopping(4s, 1s)", "Session(10s, 1h)", "Count(6, 2)", "Tumbling(1m)"}) {
    const auto run = [&](bool crashes) {
      Course course(counts("$body.k, " + std::string(window)));
      for (int i = 0; i < 30; ++i) course.send(i * 100, R"({"k":)" + std::to_string(i % 3) + "}");
      (void)course.results();
      course.save();
      while (course.close_once(1)) {
        course.save();
        if (crashes) course.restart(7);
      }
      course.save();
      return course.results();
    };
    EXPECT_EQ(run(true), run(false)) << window;
    EXPECT_FALSE(run(false).empty()) << window;
  }
}

}  // namespace
}  // namespace headgate::routing
