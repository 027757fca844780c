#include "upstream/links/budget.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <utility>

#include "upstream/links/bucket.h"

namespace headgate::upstream {
namespace {

constexpr uint64_t kMiB = 1048576;

BudgetLimits limits(uint64_t day, uint64_t month = 0, uint64_t reserve = 1000) {
  return {day, month, reserve};
}

TEST(Budget, IsUsedUpWhenItsBytesHavePassed) {
  Budget budget(limits(4 * kMiB));
  budget.turn_to(10, 1, true);
  uint64_t spent = 0;
  for (budget.lease(); budget.covers_next(); budget.lease()) {
    budget.spend(1000);
    spent += 1000;
  }
  EXPECT_TRUE(budget.day_is_used_up());
  EXPECT_FALSE(budget.month_is_used_up());
  EXPECT_NEAR(static_cast<double>(spent), 4.0 * kMiB, 2000);
  EXPECT_EQ(budget.day_bytes(), spent);
}

TEST(Budget, IsNewTheNextDayAndNotTheSameMonth) {
  Budget budget(limits(kMiB, 2 * kMiB));
  budget.turn_to(10, 1, true);
  budget.spend(kMiB);
  budget.lease();
  EXPECT_TRUE(budget.day_is_used_up());
  budget.turn_to(11, 1, true);
  EXPECT_FALSE(budget.day_is_used_up());
  budget.spend(kMiB);
  EXPECT_TRUE(budget.month_is_used_up());
  budget.turn_to(12, 2, true);
  budget.lease();
  EXPECT_TRUE(budget.covers_next());
}

TEST(Budget, IsChargedBeforeItIsSpentInStepsThatASmallOneCanTake) {
  for (const auto& [day, step] :
       std::map<uint64_t, uint64_t>{{100 * kMiB, 65536}, {160000, 10000}, {16, 1}}) {
    Budget budget(limits(day, 0, 1));
    budget.turn_to(1, 1, true);
    budget.lease();
    Budget after_kill(limits(day, 0, 1));
    ASSERT_TRUE(after_kill.restore(budget.record()));
    after_kill.turn_to(1, 1, true);
    EXPECT_EQ(after_kill.day_bytes(), step) << day;
  }
}

TEST(Budget, GivesBackWhatWasOnlyLeasedAtACleanEnd) {
  Budget budget(limits(100 * kMiB));
  budget.turn_to(1, 1, true);
  budget.lease();
  budget.spend(300);
  budget.give_back();
  Budget again(limits(100 * kMiB));
  ASSERT_TRUE(again.restore(budget.record()));
  again.turn_to(1, 1, true);
  EXPECT_EQ(again.day_bytes(), 300U);
}

TEST(Budget, IsNotEmptiedByAClockThatStepsThereAndBack) {
  Budget budget(limits(100 * kMiB));
  budget.turn_to(10, 1, true);
  budget.spend(5000);
  budget.turn_to(11, 1, true);
  budget.spend(700);
  budget.turn_to(10, 1, true);
  EXPECT_GE(budget.day_bytes(), 5700U);
  budget.spend(20);
  budget.turn_to(11, 1, true);
  EXPECT_GE(budget.day_bytes(), 720U);
}

TEST(Budget, GoesBackToNoDayThatAClockWithoutABatteryShows) {
  Budget budget(limits(100 * kMiB));
  budget.turn_to(20000, 600, true);
  budget.spend(5000);
  Budget booted(limits(100 * kMiB));
  ASSERT_TRUE(booted.restore(budget.record()));
  booted.turn_to(0, 0, false);  // a clock without a battery
  booted.spend(300);
  EXPECT_GE(booted.day_bytes(), 5300U);
  booted.turn_to(20001, 600, true);
  EXPECT_GE(booted.day_bytes(), 300U) << "what passed meanwhile may have been today's";
  EXPECT_LT(booted.day_bytes(), 5000U + Budget::kLeaseBytes);
  booted.turn_to(20000, 600, true);
  EXPECT_GE(booted.day_bytes(), 5000U);
}

TEST(Budget, EndsADayAlsoWhereNobodyKnowsWhetherTheClockIsRight) {
  Budget budget(limits(100 * kMiB));
  budget.turn_to(10, 1, false);
  budget.spend(5000);
  budget.turn_to(11, 1, false);
  EXPECT_EQ(budget.day_bytes(), 0U);
  budget.spend(300);
  EXPECT_EQ(budget.day_bytes(), 300U);
}

TEST(Budget, TakesNoRecordThatIsNone) {
  Budget budget(limits(kMiB));
  for (const char* text : {"", "1:2", "a:b;", "1:2,3;1:2", "1:2,3:x;1:2", ";;;", "9999999999999999999999:1;"})
    EXPECT_FALSE(budget.restore(text)) << text;
  EXPECT_TRUE(budget.restore(";"));
  EXPECT_EQ(budget.day_bytes(), 0U);
}

// Sends, steps of the clock and kills in any order: no day and no month is ever charged less than passed in it.
TEST(Budget, NeverCountsLessThanPassed) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    std::mt19937 random(seed);
    auto budget = std::make_unique<Budget>(limits(100 * kMiB, 0, 5000));
    std::string durable = ";";
    std::map<int64_t, uint64_t> by_day;
    uint64_t of_no_known_day = 0;
    int64_t day = 100;
    bool right = true;
    budget->turn_to(day, 3, right);
    for (int step = 0; step < 200; ++step) {
      switch (random() % 8) {
        case 0:
          budget = std::make_unique<Budget>(limits(100 * kMiB, 0, 5000));
          ASSERT_TRUE(budget->restore(durable));
          budget->turn_to(right ? day : 0, right ? 3 : -1, right);
          break;
        case 1:
          day = 99 + static_cast<int64_t>(random() % 3);
          right = true;
          budget->turn_to(day, 3, right);
          break;
        case 2:
          if (random() % 4 == 0) right = !right;
          budget->turn_to(right ? day : 0, right ? 3 : -1, right);
          break;
        default:
          budget->lease();
          durable = budget->record();
          const uint64_t bytes = random() % 5000;
          budget->spend(bytes);
          (right ? by_day[day] : of_no_known_day) += bytes;
      }
      if (right) by_day[day] += std::exchange(of_no_known_day, 0);  // it may have been today's
      if (right) {
        EXPECT_GE(budget->day_bytes(), by_day[day]) << "seed " << seed << " step " << step;
      }
    }
    if (HasFailure()) return;
  }
}

TEST(Bucket, LetsPassItsRateInTheLongRun) {
  Bucket bucket(1000, 5000);
  int64_t now_ms = 1;
  uint64_t passed = 0;
  for (bucket.fill(now_ms); now_ms < 600'000; bucket.fill(now_ms)) {
    if (const int64_t opens_ms = bucket.opens_at(); opens_ms > now_ms) {
      now_ms = opens_ms;
      continue;
    }
    bucket.take(3000);
    passed += 3000;
  }
  EXPECT_NEAR(static_cast<double>(passed), 605'000, 3000);
}

TEST(Bucket, TakesABurstAfterASilenceAndNoLongerOne) {
  Bucket bucket(1000, 5000);
  bucket.fill(1);
  bucket.take(5000);
  EXPECT_EQ(bucket.opens_at(), 0);
  bucket.take(2000);
  EXPECT_EQ(bucket.opens_at(), 2001);
  bucket.fill(3'600'000);
  bucket.take(5001);
  EXPECT_EQ(bucket.opens_at(), 3'600'001);
}

TEST(Bucket, WithoutARateIsOpen) {
  Bucket bucket(0, 0);
  bucket.fill(1);
  bucket.take(1ULL << 40);
  EXPECT_EQ(bucket.opens_at(), 0);
}

}  // namespace
}  // namespace headgate::upstream
