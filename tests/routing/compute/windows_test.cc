#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string sums(const std::string& window) {
  return "SELECT count(*) AS n, sum($body.v) AS s FROM /messages/* GROUP BY " + window + " INTO $upstream";
}

void send_values(Course& course, std::initializer_list<int64_t> times_ms, int64_t first_value = 1) {
  for (const int64_t at : times_ms) course.send(at, R"({"v":)" + std::to_string(first_value++) + "}");
}

TEST(HoppingWindows, CountAMessageInEachWindowThatHoldsIt) {
  Course course(sums("Hopping(3s, 1s)"));
  send_values(course, {1500, 2500});
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([-1000,2000) {"n":1,"s":1})", R"([0,3000) {"n":2,"s":3})",
                                            R"([1000,4000) {"n":2,"s":3})", R"([2000,5000) {"n":1,"s":2})"));
}

TEST(HoppingWindows, FollowTheirOffset) {
  Course course(sums("Hopping(4s, 2s, 1s)"));
  send_values(course, {1000});
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([-1000,3000) {"n":1,"s":1})", R"([1000,5000) {"n":1,"s":1})"));
}

TEST(HoppingWindows, EndOnceTheirMessagesHaveLeftThem) {
  Course course(sums("Hopping(3s, 1s)"));
  send_values(course, {0});
  course.advance(kMinute);
  EXPECT_EQ(course.results().size(), 3);
  EXPECT_EQ(course.computation().groups(), 0);
  EXPECT_EQ(course.computation().due_ms(), std::nullopt);
}

// A message a second makes n and s of each full window follow from its end alone.
TEST(HoppingWindows, MergeThousandsOfPanes) {
  Course course(sums("Hopping(1h, 1s)"));
  for (int64_t second = 0; second < 8000; ++second)
    course.send(second * kSecond, R"({"v":)" + std::to_string(second) + "}");
  course.advance(8000 * kSecond);
  const auto results = course.results();
  ASSERT_EQ(results.size(), 8000);
  for (int64_t end = 3600; end <= 8000; ++end) {
    const int64_t sum = (end - 3600 + end - 1) * 3600 / 2;
    EXPECT_EQ(results[static_cast<size_t>(end - 1)], "[" + std::to_string((end - 3600) * 1000) + "," +
                                                         std::to_string(end * 1000) + R"() {"n":3600,"s":)" +
                                                         std::to_string(sum) + "}");
  }
}

TEST(SessionWindows, EndTheGapAfterTheirLastMessage) {
  Course course(sums("Session(2s, 1m)"));
  send_values(course, {1000, 2000, 3999, 6000});
  EXPECT_THAT(course.results(), ElementsAre(R"([1000,5999) {"n":3,"s":6})"));
  course.advance(8000);
  EXPECT_THAT(course.results(), ElementsAre(R"([6000,8000) {"n":1,"s":4})"));
}

TEST(SessionWindows, EndWhenTheyAreAsLongAsTheyMayBe) {
  Course course(sums("Session(2s, 3s)"));
  send_values(course, {0, 1000, 2000, 3000, 4000});
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([0,3000) {"n":3,"s":6})", R"([3000,6000) {"n":2,"s":9})"));
}

TEST(SlidingWindows, GiveAResultForEachMessageOverTheTimeBeforeIt) {
  Course course(sums("Sliding(2s)"));
  send_values(course, {1000, 2000, 2999, 3000});
  EXPECT_THAT(course.results(), ElementsAre(R"([-1000,1000) {"n":1,"s":1})", R"([0,2000) {"n":2,"s":3})",
                                            R"([999,2999) {"n":3,"s":6})", R"([1000,3000) {"n":3,"s":9})"));
}

TEST(SlidingWindows, SayThatTheyAreNotCompleteWhenTheyHaveTooManyMessages) {
  Course course(sums("Sliding(1h)"));
  for (int64_t at = 0; at < 4096; ++at) course.send(at, "{}");
  EXPECT_EQ(course.results().back(), R"([-3595905,4095) {"n":4096,"s":null})");
  course.send(4096, "{}");
  EXPECT_THAT(course.results(), ElementsAre(R"([-3595904,4096) partial {"n":4096,"s":null})"));
}

TEST(SlidingWindows, ForgetGroupsWithoutMessages) {
  Course course(sums("Sliding(2s)"));
  send_values(course, {1000});
  course.advance(3000);
  EXPECT_EQ(course.computation().groups(), 0);
  EXPECT_EQ(course.results().size(), 1);
}

TEST(CountWindows, GiveAResultForSoManyMessages) {
  Course course(sums("Count(3)"));
  send_values(course, {10, 20, 30, 40, 50, 60, 70});
  EXPECT_THAT(course.results(), ElementsAre(R"([10,30) {"n":3,"s":6})", R"([40,60) {"n":3,"s":15})"));
}

TEST(CountWindows, GiveAFurtherOneEachSoMany) {
  Course course(sums("Count(4, 2)"));
  send_values(course, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_THAT(course.results(),
              ElementsAre(R"([1,4) {"n":4,"s":10})", R"([3,6) {"n":4,"s":18})", R"([5,8) {"n":4,"s":26})"));
}

TEST(CountWindows, GiveWhatTheyHaveWhenTheyAreEvicted) {
  Plan plan("SELECT $body.k AS k, count(*) AS n FROM /messages/* GROUP BY $body.k, Count(3) INTO $upstream");
  plan.limits().groups_max = 1;
  Course course(plan);
  course.send(1, R"({"k":1})");
  course.send(2, R"({"k":1})");
  course.send(3, R"({"k":2})");
  EXPECT_THAT(course.results(), ElementsAre(R"([1,2) partial {"k":1,"n":2})"));
}

TEST(Windows, AreEvictedWhenTheyTakeTooManyBytes) {
  Plan plan(
      "SELECT $body.k AS k, count(*) AS n FROM /messages/* GROUP BY $body.k, Tumbling(1m) INTO $upstream");
  plan.limits().state_bytes_max = 20'000;
  Course course(plan);
  for (int k = 0; k < 1000; ++k) course.send(k, R"({"k":)" + std::to_string(k) + "}");
  EXPECT_LE(course.computation().state_bytes(), 20'000);
  EXPECT_GT(course.computation().groups(), 10);
  EXPECT_EQ(course.results().size(), course.computation().counts().evicted);
  course.advance(kHour);
  EXPECT_EQ(course.computation().counts().results, 1000);
}

TEST(Windows, AreNotCompleteIfTheirGroupMayHaveBeenEvictedWithinThem) {
  Plan plan(
      "SELECT $body.k AS k, count(*) AS n FROM /messages/* GROUP BY $body.k, Tumbling(1m) INTO $upstream");
  plan.limits().groups_max = 1;
  Course course(plan);
  course.send(1000, R"({"k":1})");
  course.send(2000, R"({"k":2})");
  course.send(3000, R"({"k":1})");
  course.save();
  course.restart();
  course.send(60'000, R"({"k":1})");
  course.advance(kHour);
  EXPECT_THAT(course.results(),
              ElementsAre(R"([0,60000) partial {"k":1,"n":1})", R"([0,60000) partial {"k":2,"n":1})",
                          R"([0,60000) r1 partial {"k":1,"n":1})", R"([60000,120000) {"k":1,"n":1})"));
}

TEST(Windows, CountAndShowValuesThatAnAggregateCannotTake) {
  Course course("SELECT avg($body.v) AS a FROM /messages/* GROUP BY Tumbling(1m) INTO $upstream");
  for (const char* value : {"1", "\"warm\"", "null", "true"})
    course.send(0, std::string(R"({"v":)") + value + "}");
  EXPECT_EQ(course.computation().counts().type_errors, 2);
  EXPECT_EQ(course.computation().sample(), "avg cannot take true");
}

// A key a message, for a week, in windows of a day.
TEST(Windows, KeepNothingOfGroupsThatWereEvicted) {
  Plan plan(
      "SELECT $body.k AS k, count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts OVER $body.k "
      "GROUP BY $body.k, Tumbling(1d) INTO $upstream");
  plan.limits().groups_max = 10;
  Course course(plan);
  const auto heap_bytes = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const size_t before = heap_bytes();
  for (int64_t i = 0; i < 20'000; ++i) {
    course.send(i * 30 * kSecond,
                R"({"k":)" + std::to_string(i) + R"(,"ts":)" + std::to_string(i * 30) + "}");
    (void)course.results();
    if (i % 100 == 0) course.save();
  }
  EXPECT_LE(heap_bytes(), before + 100'000);
}

TEST(Windows, TakeNoMoreThanTheirBoundSays) {
  for (const char* window : {"Tumbling(1m)", "Hopping(10m, 1m)", "Session(1m, 1h)", "Count(10, 2)"}) {
    Plan plan(
        "SELECT $body.k AS k, avg($body.v) AS a, percentile($body.v, 0.9) AS p FROM /messages/* GROUP BY $body.k, " +
        std::string(window) + " INTO $upstream");
    Course course(plan);
    uint64_t most = 0;
    for (int64_t i = 0; i < 3000; ++i) {
      course.send(i * 500, R"({"k":1,"v":)" + std::to_string(i * i % 7919) + "}");
      most = std::max(most, course.computation().state_bytes());
    }
    EXPECT_LE(most, group_bound_bytes(*plan.shared())) << window;
    EXPECT_EQ(state_bound_bytes(*plan.shared()), 10'000 * group_bound_bytes(*plan.shared()));
  }
}

// A window that HAVING refuses is known as long as it can be revised.
TEST(Windows, TakeNoMoreThanTheirBoundSaysWhereHavingRefusesThem) {
  for (const char* window : {"Tumbling(1s)", "Hopping(2s, 1s)"}) {
    Plan plan("SELECT count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts GROUP BY " + std::string(window) +
              " HAVING count(*) > 1000 INTO $upstream");
    plan.late(LatePolicy::revise, 0, 10 * kMinute);
    Course course(plan);
    uint64_t most = 0;
    for (int64_t i = 1; i <= 1'500; ++i) {
      course.send(i * kSecond, R"({"ts":)" + std::to_string(i) + "}");
      most = std::max(most, course.computation().state_bytes());
    }
    EXPECT_LE(most, group_bound_bytes(*plan.shared())) << window;
    EXPECT_GE(most, group_bound_bytes(*plan.shared()) / 2) << window << ": the bound says little";
  }
}

}  // namespace
}  // namespace headgate::routing
