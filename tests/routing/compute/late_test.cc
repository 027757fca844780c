#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string counted(const std::string& window, const std::string& over = "") {
  return "SELECT $body.k AS k, count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts " + over +
         " GROUP BY $body.k, " + window + " INTO $upstream";
}

constexpr int64_t kBegin = 1785585600000;  // 2026-08-01T12:00:00Z

// A computation whose times count from noon, in seconds.
class LateMessages : public testing::Test {
 protected:
  void follow(const std::string& route, LatePolicy policy, int64_t tolerance_s = 5, int64_t keep_s = 3600) {
    Plan plan(route);
    plan.late(policy, tolerance_s * kSecond, keep_s * kSecond);
    plan.limits().idle_ms = kMinute;
    course_ = std::make_unique<Course>(plan);
  }
  void send(int64_t at_s, int64_t time_s, const std::string& members = R"("k":1)") {
    const std::string time = std::to_string(kBegin + time_s * kSecond);
    course_->send(kBegin + at_s * kSecond, "{" + members + R"(,"ts":)" + time + "}");
  }
  void tick(int64_t at_s) { course_->advance(kBegin + at_s * kSecond); }
  // Results with times in seconds from noon.
  std::vector<std::string> results() {
    std::vector<std::string> short_ones;
    for (const std::string& result : course_->results()) {
      const size_t comma = result.find(',');
      const size_t close = result.find(')');
      const int64_t start = (std::stoll(result.substr(1)) - kBegin) / kSecond;
      const int64_t end = (std::stoll(result.substr(comma + 1)) - kBegin) / kSecond;
      short_ones.push_back(std::to_string(start) + "-" + std::to_string(end) + result.substr(close + 1));
    }
    return short_ones;
  }
  const ComputeCounts& counts() { return course_->computation().counts(); }

  std::unique_ptr<Course> course_;
};

TEST_F(LateMessages, AreNoneWhileTheWatermarkWaitsForThem) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop);
  send(1, 1);
  send(14, 14);
  send(14, 9);
  EXPECT_THAT(results(), IsEmpty());
  send(15, 15);
  tick(15);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late, 0);
}

TEST_F(LateMessages, ReviseTheResultThatWasGiven) {
  follow(counted("Tumbling(10s)"), LatePolicy::revise);
  send(1, 1);
  send(20, 20);
  send(21, 2);
  tick(25);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})"));
  tick(26);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 r1 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late, 1);
  EXPECT_EQ(counts().late_dropped, 0);
}

TEST_F(LateMessages, GiveOneRevisionForAsManyAsComeWithinTheTolerance) {
  follow(counted("Tumbling(10s)"), LatePolicy::revise);
  send(1, 1);
  send(40, 40);
  for (int64_t at = 40; at < 45; ++at) {
    send(at, 2);
    send(at, 12);
  }
  send(46, 46);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(0-10 r1 {"k":1,"n":6})", R"(10-20 {"k":1,"n":5})"));
  EXPECT_EQ(counts().late, 10);
}

TEST_F(LateMessages, ReviseOnlyAsLongAsTheWindowIsKept) {
  follow(counted("Tumbling(10s)"), LatePolicy::revise, 0, 30);
  send(1, 1);
  send(39, 39);
  send(39, 5);
  EXPECT_FALSE(course_->dead_letter());
  send(40, 40);
  send(40, 5);
  EXPECT_TRUE(course_->dead_letter());
  tick(40);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(0-10 r1 {"k":1,"n":2})", R"(30-40 {"k":1,"n":1})"));
  EXPECT_EQ(counts().late, 2);
  EXPECT_EQ(counts().late_dropped, 1);
}

TEST_F(LateMessages, ReviseEachHoppingWindowThatHoldsThem) {
  follow(counted("Hopping(10s, 5s)"), LatePolicy::revise, 0);
  send(6, 6);
  send(21, 21);
  send(21, 7);
  send(21, 17);
  tick(21);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(5-15 {"k":1,"n":1})", R"(0-10 r1 {"k":1,"n":2})",
                          R"(5-15 r1 {"k":1,"n":2})", R"(10-20 {"k":1,"n":1})"));
  tick(200);
  EXPECT_THAT(results(), ElementsAre(R"(15-25 {"k":1,"n":2})", R"(20-30 {"k":1,"n":1})"));
}

TEST_F(LateMessages, CountInTheWindowThatIsOpenWhenAdjusted) {
  follow(counted("Tumbling(10s)"), LatePolicy::adjust);
  send(1, 1);
  send(20, 20);
  send(21, 2);
  tick(200);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(10-20 {"k":1,"n":1})", R"(20-30 {"k":1,"n":1})"));
  EXPECT_EQ(counts().late, 1);
}

TEST_F(LateMessages, AreDroppedAndCountedIfTheRouteSaysSo) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop);
  send(1, 1);
  send(20, 20);
  send(21, 2);
  EXPECT_FALSE(course_->dead_letter());
  tick(200);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})", R"(20-30 {"k":1,"n":1})"));
  EXPECT_EQ(counts().late_dropped, 1);
}

TEST_F(LateMessages, BecomeDeadLettersIfTheRouteSaysSo) {
  follow(counted("Tumbling(10s)"), LatePolicy::dead_letter);
  send(1, 1);
  send(20, 20);
  send(21, 2);
  EXPECT_TRUE(course_->dead_letter());
  send(21, 21);
  EXPECT_FALSE(course_->dead_letter());
  EXPECT_EQ(counts().late_dropped, 1);
}

TEST_F(LateMessages, JoinTheSessionThatWasGivenAndKeepItsName) {
  follow(counted("Session(3s, 1m)"), LatePolicy::revise, 0);
  send(10, 10);
  send(20, 20);
  send(20, 8);
  send(20, 12);
  tick(20);
  EXPECT_THAT(results(), ElementsAre(R"(10-13 {"k":1,"n":1})", R"(10-13 r1 {"k":1,"n":2})",
                                     R"(10-15 r2 {"k":1,"n":3})"));
}

TEST_F(LateMessages, OfOneSourceDoNotWaitForAnother) {
  follow(counted("Tumbling(10s)", "OVER $body.k"), LatePolicy::drop, 0);
  send(1000, 1000, R"("k":1)");
  send(1001, 5, R"("k":2)");
  send(1001, 12, R"("k":2)");
  tick(1001);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":2,"n":1})"));
  EXPECT_EQ(counts().late, 0);
}

TEST_F(LateMessages, CloseAGroupOnlyWhenAllItsSourcesHaveComeSoFar) {
  follow(counted("Tumbling(10s)", "OVER $body.d"), LatePolicy::drop, 0);
  send(1, 1, R"("k":1,"d":"a")");
  send(2, 2, R"("k":1,"d":"b")");
  send(30, 30, R"("k":1,"d":"a")");
  tick(30);
  EXPECT_THAT(results(), IsEmpty());
  send(31, 9, R"("k":1,"d":"b")");
  send(32, 31, R"("k":1,"d":"b")");
  tick(32);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":3})"));
}

TEST_F(LateMessages, AreNotWaitedForFromAnIdleSource) {
  follow(counted("Tumbling(10s)", "OVER $body.d"), LatePolicy::drop, 0);
  send(1, 1, R"("k":1,"d":"a")");
  EXPECT_EQ(course_->computation().due_ms(), kBegin + 61 * kSecond);
  tick(60);
  EXPECT_THAT(results(), IsEmpty());
  tick(61);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})"));
}

TEST_F(LateMessages, DoNotSetAnIdleSourceBackWhenItReturns) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop, 0);
  send(1, 1);
  send(100, 50);
  EXPECT_EQ(counts().late_dropped, 1);
  tick(300);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})"));
}

TEST_F(LateMessages, CountInTheirLotAndStretchItsWindow) {
  follow(counted("Count(4, 2)"), LatePolicy::drop, 0);
  for (const int64_t time : {100, 130, 90, 105, 110, 101}) send(200, time);
  EXPECT_THAT(results(), ElementsAre(R"(90-130 {"k":1,"n":4})", R"(90-110 {"k":1,"n":4})"));
}

TEST_F(LateMessages, MayBeEarlyToo) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop, 0);
  send(1, 301);
  EXPECT_EQ(counts().early, 0);
  send(2, 303);
  EXPECT_EQ(counts().early, 1);
  course_->send(kBegin + 3000, R"({"k":1,"ts":"9999-12-31T23:59:59Z"})");
  EXPECT_EQ(counts().early, 2);
}

TEST_F(LateMessages, HaveTheTimeOfTheirArrivalIfTheyHaveNone) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop, 0);
  for (const char* body :
       {R"({"k":1})", R"({"k":1,"ts":"soon"})", R"({"k":1,"ts":null})", R"({"k":1,"ts":[1]})"})
    course_->send(kBegin, body);
  tick(300);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":4})"));
  EXPECT_EQ(counts().type_errors, 4);
}

TEST_F(LateMessages, DoNotCloseGroupsWhoseSourceWasForgotten) {
  Plan plan(counted("Tumbling(10s)", "OVER $body.d"));
  plan.late(LatePolicy::drop, 0).limits().groups_max = 2;
  plan.limits().idle_ms = kMinute;
  course_ = std::make_unique<Course>(plan);
  send(1, 1, R"("k":1,"d":"a")");
  send(2, 2, R"("k":1,"d":"b")");
  send(3, 3, R"("k":1,"d":"c")");
  send(4, 4, R"("k":1,"d":"d")");
  tick(300);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":4})"));
}

TEST_F(LateMessages, OfASlowerSourceDoNotGiveASessionASecondTime) {
  follow(counted("Session(3s, 1m)", "OVER $body.d"), LatePolicy::drop, 0);
  send(1, 1, R"("k":1,"d":"a")");
  send(20, 20, R"("k":1,"d":"a")");
  tick(20);
  EXPECT_THAT(results(), ElementsAre(R"(1-4 {"k":1,"n":1})"));
  send(21, 1, R"("k":1,"d":"b")");
  send(21, 2, R"("k":1,"d":"b")");
  send(21, 21, R"("k":1,"d":"b")");
  tick(200);
  EXPECT_THAT(results(), ElementsAre(R"(20-24 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late_dropped, 2);
}

}  // namespace
}  // namespace headgate::routing
