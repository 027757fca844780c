#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kSums =
    "SELECT $body.k AS k0, count(*) AS n, sum($body.v) AS sum FROM /messages/* GROUP BY $body.k, Tumbling(1m) INTO $upstream";

TEST(TumblingWindows, GiveTheirResultWhenTheirEndArrives) {
  Course course(kSums);
  course.send(0, R"({"k":"a","v":1})");
  course.send(59'999, R"({"k":"a","v":2})");
  EXPECT_THAT(course.results(), IsEmpty());
  course.send(60'000, R"({"k":"a","v":4})");
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) {"k0":"a","n":2,"sum":3})"));
}

TEST(TumblingWindows, GiveTheirResultByATickToo) {
  Course course(kSums);
  course.send(30'000, R"({"k":"a","v":1})");
  EXPECT_EQ(course.computation().due_ms(), 60'000);
  course.advance(59'999);
  EXPECT_THAT(course.results(), IsEmpty());
  course.advance(60'000);
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) {"k0":"a","n":1,"sum":1})"));
  EXPECT_EQ(course.computation().due_ms(), std::nullopt);
}

TEST(TumblingWindows, AreAlignedToTheEpochAndTheOffset) {
  Course course(
      "SELECT $body.k AS k0, count(*) AS n, sum($body.v) AS sum FROM /messages/* GROUP BY $body.k, "
      "Tumbling(1m, 15s) INTO $upstream");
  course.send(14'999, R"({"k":1,"v":1})");
  course.send(15'000, R"({"k":1,"v":1})");
  course.advance(kHour);
  EXPECT_THAT(course.results(), ElementsAre(R"([-45000,15000) {"k0":1,"n":1,"sum":1})",
                                            R"([15000,75000) {"k0":1,"n":1,"sum":1})"));
}

TEST(TumblingWindows, GroupByTheTypeOfAKeyAsWellAsItsText) {
  Course course(kSums);
  for (const char* key : {"1", R"("1")", "true", "null", "-0", "0"})
    course.send(1, std::string(R"({"k":)") + key + "}");
  course.send(2, "{}");
  course.advance(kMinute);
  EXPECT_THAT(
      course.results(),
      ElementsAre(R"([0,60000) {"k0":1,"n":1,"sum":null})", R"([0,60000) {"k0":"1","n":1,"sum":null})",
                  R"([0,60000) {"k0":true,"n":1,"sum":null})", R"([0,60000) {"k0":null,"n":2,"sum":null})",
                  R"([0,60000) {"k0":0,"n":2,"sum":null})"));
}

TEST(TumblingWindows, TakeOnlyMessagesForWhichTheConditionHolds) {
  Course course(
      "SELECT $body.k AS k0, count(*) AS n, sum($body.v) AS sum FROM /messages/* WHERE $body.v > 1 "
      "GROUP BY $body.k, Tumbling(1m) INTO $upstream");
  EXPECT_EQ(course.send(0, R"({"k":"a","v":1})"), Truth::no);
  EXPECT_EQ(course.send(1, R"({"k":"a"})"), Truth::undefined);
  EXPECT_EQ(course.send(2, R"({"k":"a","v":2})"), Truth::yes);
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) {"k0":"a","n":1,"sum":2})"));
  EXPECT_EQ(course.computation().counts().evaluated, 3);
  EXPECT_EQ(course.computation().counts().matched, 1);
  EXPECT_EQ(course.computation().counts().undefined, 1);
}

TEST(TumblingWindows, LeaveOutWhatHavingDoesNotWant) {
  Course course(
      "SELECT $body.k AS k0, count(*) AS n FROM /messages/* GROUP BY $body.k, Tumbling(1m) HAVING count(*) > 1 "
      "INTO $upstream");
  course.send(0, R"({"k":"a"})");
  course.send(0, R"({"k":"b"})");
  course.send(0, R"({"k":"b"})");
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) {"k0":"b","n":2})"));
}

TEST(TumblingWindows, ShowTheirFieldsInSelect) {
  Course course(
      "SELECT $window.start AS from_ms, $window.end AS to_ms, $window.rev AS rev, $window.complete AS whole "
      "FROM /messages/* GROUP BY Tumbling(1m) INTO $upstream");
  course.send(90'000, "{}");
  course.advance(kHour);
  EXPECT_THAT(course.results(),
              ElementsAre(R"([60000,120000) {"from_ms":60000,"to_ms":120000,"rev":0,"whole":true})"));
}

TEST(TumblingWindows, CloseInStepsOfSoManyResults) {
  Course course(kSums);
  for (int k = 0; k < 10; ++k) course.send(0, R"({"k":)" + std::to_string(k) + "}");
  Computation::Results out;
  EXPECT_TRUE(course.computation().advance(kMinute, 4, out));
  EXPECT_TRUE(course.computation().advance(kMinute, 4, out));
  EXPECT_FALSE(course.computation().advance(kMinute, 4, out));
  EXPECT_EQ(out.size(), 10);
}

TEST(TumblingWindows, KeepHowFarAClosingIsOverARestart) {
  Course course(kSums);
  for (int k = 0; k < 10; ++k) course.send(0, R"({"k":)" + std::to_string(k) + "}");
  Computation::Results out;
  ASSERT_TRUE(course.computation().advance(kMinute, 4, out));
  course.save();
  course.restart();
  course.advance(kMinute);
  const auto rest = course.results();
  EXPECT_EQ(rest.size(), 6);
  EXPECT_EQ(rest.front(), R"([0,60000) {"k0":4,"n":1,"sum":null})");
}

TEST(TumblingWindows, StoreAGroupOnceHoweverManyMessagesItTook) {
  Course course(kSums);
  for (int i = 0; i < 100; ++i) course.send(i, R"({"k":"a","v":1})");
  course.save();
  EXPECT_EQ(course.puts(), 2);  // and how far the inputs have come
  course.save();
  EXPECT_EQ(course.puts(), 2);
}

TEST(TumblingWindows, LeaveNothingStoredOfGroupsThatAreGone) {
  Course course(kSums);
  for (int k = 0; k < 3; ++k) course.send(0, R"({"k":)" + std::to_string(k) + "}");
  course.save();
  EXPECT_EQ(course.stored().size(), 4);
  course.advance(kMinute);
  course.save();
  EXPECT_EQ(course.stored().size(), 1);
  EXPECT_EQ(course.computation().groups(), 0);
  EXPECT_EQ(course.computation().state_bytes(), 0);
}

TEST(TumblingWindows, GoOnAfterARestartAsIfThereHadBeenNone) {
  Course course(kSums);
  course.send(0, R"({"k":"a","v":1})");
  course.save();
  course.restart();
  course.send(1, R"({"k":"a","v":2})");
  course.advance(kMinute);
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) {"k0":"a","n":2,"sum":3})"));
}

TEST(TumblingWindows, EvictTheGroupThatWasIdleLongestForANewOne) {
  Plan plan(kSums);
  plan.limits().groups_max = 2;
  Course course(plan);
  course.send(0, R"({"k":"a","v":1})");
  course.send(1, R"({"k":"b","v":1})");
  course.send(2, R"({"k":"a","v":1})");
  course.send(3, R"({"k":"c","v":1})");
  EXPECT_THAT(course.results(), ElementsAre(R"([0,60000) partial {"k0":"b","n":1,"sum":1})"));
  EXPECT_EQ(course.computation().counts().evicted, 1);
  EXPECT_EQ(course.computation().groups(), 2);
}

TEST(TumblingWindows, StayWhereTheirValuesTakeLessRoomThanBefore) {
  Course course("SELECT last($body.v) AS v FROM /messages/* GROUP BY $body.k, Tumbling(1m) INTO $upstream");
  course.send(0, R"({"k":1,"v":"a text that is remembered"})");
  const uint64_t before = course.computation().state_bytes();
  course.send(1, R"({"k":1,"v":1})");
  EXPECT_LT(course.computation().state_bytes(), before);
  course.send(2, R"({"k":2,"v":1})");
  EXPECT_THAT(course.results(), IsEmpty());
  EXPECT_EQ(course.computation().counts().evicted, 0);
}

}  // namespace
}  // namespace headgate::routing
