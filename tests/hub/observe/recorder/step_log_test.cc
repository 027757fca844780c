#include "hub/observe/recorder/step_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::hub {
namespace {

using ::testing::IsEmpty;

Step step(Step::Kind kind, store::Seq seq, int64_t at_ms = 1000, store::QueueId queue = 1) {
  Step made;
  made.kind = kind;
  made.first = made.last = seq;
  made.at_ms = at_ms;
  made.queue = queue;
  return made;
}

TEST(StepLog, NeighboursOfASecondAreOneStep) {
  StepLog log(100 * sizeof(Step));
  for (store::Seq seq = 1; seq <= 1000; ++seq) log.add(step(Step::Kind::delivered, seq));
  EXPECT_EQ(log.bytes_used(), sizeof(Step));
  const std::vector<Step> found = log.about(1, store::kDefaultLane, 500);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].count, 1000U);
  log.add(step(Step::Kind::delivered, 1001, 2000));
  EXPECT_EQ(log.bytes_used(), 2 * sizeof(Step));
}

// An entry that a later one overtook.
TEST(StepLog, TheLaterOfTwoEndsIsTheOwn) {
  StepLog log(100 * sizeof(Step));
  log.add(step(Step::Kind::delivered, 1));
  log.add(step(Step::Kind::delivered, 4));
  log.add(step(Step::Kind::dropped, 3, 1500));
  const std::vector<Step> found = log.about(1, store::kDefaultLane, 3);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found.back().kind, Step::Kind::dropped);
  EXPECT_EQ(found.back().at_ms, 1500);
}

TEST(StepLog, QueuesDoNotMix) {
  StepLog log(100 * sizeof(Step));
  for (store::QueueId queue = 1; queue <= 300; ++queue) log.add(step(Step::Kind::delivered, 5, 1000, queue));
  EXPECT_EQ(log.about(299, store::kDefaultLane, 5).size(), 1U);
  EXPECT_THAT(log.about(199, store::kDefaultLane, 5), IsEmpty()) << "it is one of those that were forgotten";
}

TEST(StepLog, SaysSinceWhenItIsComplete) {
  StepLog log(10 * sizeof(Step));
  for (int i = 0; i < 10; ++i) log.add(step(Step::Kind::handed, 7, 10'000 + i * 1000));
  EXPECT_EQ(log.complete_since_ms(), 0);
  log.add(step(Step::Kind::handed, 7, 30'000));
  EXPECT_EQ(log.complete_since_ms(), 10'000);
  EXPECT_EQ(log.about(1, store::kDefaultLane, 7).size(), 10U);
  EXPECT_EQ(log.bytes_used(), 10 * sizeof(Step));
}

}  // namespace
}  // namespace headgate::hub
