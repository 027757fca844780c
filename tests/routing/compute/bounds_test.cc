// Memory and results of routes that are given more than they have room for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <set>
#include <string>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Bytes that malloc() has given out; 0 where a sanitizer took its place.
size_t allocated() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(Bounds, HoldForAGroupThatGrowsAlone) {
  Plan plan(
      "SELECT count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY Tumbling(1ms) "
      "INTO $upstream");
  plan.limits().state_bytes_max = 20'000;
  Course course(plan);
  // A source whose clock stands still holds the windows of all others back.
  size_t results = 0;
  for (int64_t i = 0; i < 2000; ++i) {
    course.send(kHour + i, R"({"d":"stopped","ts":"1970-01-01T00:59:59Z"})");
    course.send(kHour + i, R"({"d":"runs","ts":)" + std::to_string(3600 + i) + "}");
    ASSERT_LE(course.computation().state_bytes(), 21'000);
    results += course.results().size();
  }
  EXPECT_GT(results, 1500);
  EXPECT_GT(course.computation().counts().evicted, 0);
}

TEST(Bounds, OfABytePassOnEachMessageAsAWindowThatIsNotComplete) {
  Plan plan("SELECT count(*) AS n FROM /messages/* GROUP BY $body.k, Tumbling(1m) INTO $upstream");
  plan.limits().state_bytes_max = 1;
  Course course(plan);
  for (int64_t at = 0; at < 3; ++at) course.send(at, R"({"k":1})");
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) partial {"n":1})", R"([0,60000) r1 partial {"n":1})",
                                            R"([0,60000) r2 partial {"n":1})"));
  course.advance(kHour);
  EXPECT_THAT(course.results(), IsEmpty());
  EXPECT_EQ(course.computation().state_bytes(), 0);
}

// By default 100 keys have 16 MiB: an hour that moves by the second is 3,600 panes for each.
TEST(Bounds, LeaveRoomForHoursThatMoveByTheSecond) {
  Plan plan("SELECT avg($body.v) AS v FROM /messages/* GROUP BY $body.k, Hopping(1h, 1s) INTO $upstream");
  plan.limits().state_bytes_max /= 10;
  Course course(plan);
  const size_t before = allocated();
  for (int i = 0; i < 10 * 4000; ++i) {
    course.send(i * 100, R"({"k":)" + std::to_string(i % 10) + R"(,"v":)" + std::to_string(i % 977) + ".25}");
    if (i % 4096 == 0) course.save();
    if (i % 100 == 0) (void)course.results();
  }
  EXPECT_EQ(course.computation().counts().evicted, 0);
  const size_t stored = course.stored().size() * 200;
  EXPECT_LT(allocated(), before + course.computation().state_bytes() + stored);
}

// A group with 2,000 open windows: what it gives when it is evicted comes in steps, also over a restart.
TEST(Bounds, OfGroupsLetAnEvictedOneGiveManyResultsInSteps) {
  Plan plan(
      "SELECT $body.k AS k, count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts GROUP BY $body.k, Tumbling(1ms) "
      "INTO $upstream");
  plan.late(LatePolicy::revise, kHour);
  plan.limits().groups_max = 1;
  Course course(plan);
  constexpr int64_t kNow = 1'600'000'002'000;
  for (int64_t i = 0; i < 2000; ++i) course.send(kNow, R"({"k":1,"ts":)" + std::to_string(kNow - i) + "}");
  ASSERT_THAT(course.results(), IsEmpty());
  course.send(kNow, R"({"k":2,"ts":1600000000000})");
  auto results = course.results();
  EXPECT_LE(results.size(), 300);
  EXPECT_EQ(course.computation().due_ms(), kNow);
  bool more = true;
  for (int step = 0; more; ++step) {
    course.save();
    if (step % 3 == 0) course.restart();
    more = course.advance_once(kNow, 50);
    std::ranges::move(course.results(), std::back_inserter(results));
  }
  EXPECT_EQ(results.size(), 2000);
  EXPECT_THAT(results, Each(HasSubstr("partial")));
  EXPECT_EQ(std::set(results.begin(), results.end()).size(), 2000);
  EXPECT_EQ(course.computation().groups(), 1);
}

TEST(Bounds, HoldForMemoriesThatGrowTogether) {
  Plan plan("SELECT lag($body.v, 50) OVER ($body.k) AS before FROM /messages/* INTO $upstream");
  plan.limits().state_bytes_max = 200'000;
  Course course(plan);
  const std::string text(1000, 'v');
  for (int i = 0; i < 60 * 20; ++i) {
    course.send(i, R"({"k":)" + std::to_string(i % 20) + R"(,"v":")" + text + "\"}");
    ASSERT_LE(course.computation().state_bytes(), 210'000);
  }
  EXPECT_GT(course.computation().counts().evicted, 0);
}

TEST(Bounds, HoldForGroupsThatMakeRoomForOthersLongBeforeTheirTime) {
  Plan plan("SELECT count(*) AS n FROM /messages/* GROUP BY $body.k, Tumbling(10d) INTO $upstream");
  plan.limits().groups_max = 10;
  Course course(plan);
  size_t before = 0;
  for (int i = 0; i < 40'000; ++i) {
    course.send(i, R"({"k":)" + std::to_string(i) + "}");
    (void)course.results();
    if (i % 100 == 0) course.save();
    if (i == 1000) before = allocated();
  }
  EXPECT_LT(allocated(), before + 100'000);
}

TEST(Bounds, HoldForSourcesWithLongNames) {
  Plan plan(
      "SELECT count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY Tumbling(10d) INTO $upstream");
  Course course(plan);
  const size_t before = allocated();
  for (int i = 0; i < 500; ++i)
    course.send(i, R"({"ts":1,"d":")" + std::to_string(i) + std::string(20'000, 'd') + "\"}");
  EXPECT_LT(allocated(), before + 1'000'000);
}

TEST(Bounds, OfAnHourOfSilenceOrAThousandYearsTakeNoStepForEmptyWindows) {
  Plan plan("SELECT count(*) AS n FROM /messages/* GROUP BY $body.k, Hopping(1h, 1s) INTO $upstream");
  Course course(plan);
  for (int k = 0; k < 10; ++k) course.send(0, R"({"k":)" + std::to_string(k) + "}");
  int64_t steps = 1;
  while (course.advance_once(int64_t{1000} * 366 * 24 * kHour, 100)) ++steps;
  EXPECT_LE(steps, 10 * 3600 / 100 + 2);
  EXPECT_EQ(course.results().size(), 36'000);
  EXPECT_EQ(course.computation().groups(), 0);
}

TEST(Bounds, OfOneGroupGiveEachItsResultBeforeTheNext) {
  Plan plan(
      "SELECT $body.k AS k, count(*) AS n FROM /messages/* GROUP BY $body.k, Hopping(20s, 10s) INTO $upstream");
  plan.limits().groups_max = 1;
  Course course(plan);
  for (int i = 0; i < 4; ++i) course.send(i, R"({"k":)" + std::to_string(i % 2) + "}");
  EXPECT_THAT(course.results(), Each(HasSubstr("partial")));
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([-10000,10000) r1 partial {"k":1,"n":1})",
                                            R"([0,20000) r1 partial {"k":1,"n":1})"));
  EXPECT_EQ(course.computation().counts().evicted, 3);
}

// A sensor that invents ids fills what dedup may remember, and nothing else.
TEST(Bounds, OfOneFunctionAreNotFilledByAnother) {
  for (const bool by_bytes : {false, true}) {
    Plan plan(
        "SELECT $body.v AS v FROM /messages/* WHERE dedup($body.id, 1d) AND changed($body.v) OVER ($body.k) INTO "
        "$upstream");
    if (by_bytes)
      plan.limits().state_bytes_max = 50'000;
    else
      plan.limits().groups_max = 100;
    Course course(plan);
    for (int k = 0; k < 20; ++k)
      course.send(0, R"({"v":7,"k":)" + std::to_string(k) + R"(,"id":"k)" + std::to_string(k) + "\"}");
    for (int i = 0; i < 2000; ++i)
      course.send(i, R"({"v":)" + std::to_string(i) + R"(,"k":"bad","id":)" + std::to_string(i) + "}");
    EXPECT_GT(course.computation().counts().evicted, 1000);
    (void)course.results();
    for (int k = 0; k < 20; ++k)
      course.send(2000, R"({"v":7,"k":)" + std::to_string(k) + R"(,"id":"again)" + std::to_string(k) + "\"}");
    EXPECT_THAT(course.results(), IsEmpty()) << "what changed() remembered is gone";
  }
}

// Each message is a session of its own; all are kept, since late messages may revise them.
TEST(Bounds, OfTimeAMessageDoNotGrowWithTheSessionsThatAreKept) {
  Plan plan(
      "SELECT count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts GROUP BY Session(1s, 1h) INTO $upstream");
  plan.late(LatePolicy::revise, 0, 100 * 24 * kHour);
  Course course(plan);
  int64_t at = kHour * 1000;
  const auto clocks_of = [&](int messages) {
    const std::clock_t before = std::clock();
    for (int i = 0; i < messages; ++i, at += 5 * kSecond) {
      course.send(at, R"({"ts":)" + std::to_string(at / 1000) + "}");
      if (i % 50 == 0) course.send(at, R"({"ts":)" + std::to_string((at - 20 * kMinute) / 1000) + "}");
    }
    (void)course.results();
    return std::clock() - before;
  };
  (void)clocks_of(1000);
  const auto few = clocks_of(1000);
  (void)clocks_of(28'000);
  EXPECT_LE(clocks_of(1000), 6 * few + CLOCKS_PER_SEC / 100)
      << "30,000 sessions are gone through for each message";
}

}  // namespace
}  // namespace headgate::routing
