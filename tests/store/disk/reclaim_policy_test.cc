#include "store/disk/reclaim_policy.h"

#include <gtest/gtest.h>

#include "tests/store/units.h"

namespace headgate::store {
namespace {

class ReclaimPolicyTest : public ::testing::Test {
 protected:
  ReclaimPolicyTest() { EXPECT_EQ(policy.due(100'000, 0), Reclaim::everything); }  // once after opening

  Reclaim after(uint64_t died, uint64_t alive, int64_t seconds = 1) {
    policy.died(died);
    return policy.due(100'000 + seconds * 1'000, alive);
  }

  ReclaimPolicy policy;
};

TEST_F(ReclaimPolicyTest, DropsFilesNowAndThen) {
  EXPECT_EQ(after(15 * kMiB, 500 * kMiB), Reclaim::nothing);
  EXPECT_EQ(after(1 * kMiB, 500 * kMiB), Reclaim::files);
  EXPECT_EQ(after(0, 500 * kMiB), Reclaim::nothing);
}

TEST_F(ReclaimPolicyTest, CompactsWhenAsMuchDiedAsIsAlive) {
  EXPECT_EQ(after(64 * kMiB, 500 * kMiB), Reclaim::files);
  EXPECT_EQ(after(436 * kMiB, 500 * kMiB), Reclaim::everything);
  EXPECT_EQ(after(15 * kMiB, 500 * kMiB), Reclaim::nothing);
}

TEST_F(ReclaimPolicyTest, GivesADrainedStoreItsSpaceBackSoon) {
  EXPECT_EQ(after(2 * kMiB, 0, 9), Reclaim::nothing);
  EXPECT_EQ(after(0, 0, 10), Reclaim::everything);
  EXPECT_EQ(after(0, 0, 19), Reclaim::nothing);
}

// What was being read when it was dropped is still there.
TEST_F(ReclaimPolicyTest, LooksOnceMoreAfterTenSeconds) {
  EXPECT_EQ(after(16 * kMiB, 500 * kMiB), Reclaim::files);
  EXPECT_EQ(after(0, 500 * kMiB, 10), Reclaim::nothing);
  EXPECT_EQ(after(0, 500 * kMiB, 11), Reclaim::files);
  EXPECT_EQ(after(0, 500 * kMiB, 1'000), Reclaim::nothing);
}

TEST(ReclaimPolicyOnATightDisk, CompactsAtOnceAndThenForAQuarterOfWhatIsAlive) {
  ReclaimPolicy policy;
  EXPECT_EQ(policy.due(10'000, 40 * kMiB, RoomToCompact::enough), Reclaim::everything);
  policy.died(9 * kMiB);
  EXPECT_EQ(policy.due(20'000, 40 * kMiB, RoomToCompact::enough), Reclaim::files);
  policy.died(1 * kMiB);
  EXPECT_EQ(policy.due(20'000, 40 * kMiB, RoomToCompact::enough), Reclaim::everything);
  policy.died(20 * kMiB);
  EXPECT_EQ(policy.due(30'000, 40 * kMiB, RoomToCompact::enough), Reclaim::files) << "before it needs room";
  EXPECT_EQ(policy.due(30'000, 40 * kMiB, RoomToCompact::enough), Reclaim::everything);
}

TEST(ReclaimPolicyOnATightDisk, DoesWithoutRoomToCompactWhatNeedsHardlyAny) {
  ReclaimPolicy policy;
  policy.died(64 * kMiB);
  EXPECT_EQ(policy.due(10'000, 40 * kMiB, RoomToCompact::none), Reclaim::below_floor);
  policy.died(1 * kMiB);
  EXPECT_EQ(policy.due(11'000, 40 * kMiB, RoomToCompact::none), Reclaim::nothing);
  EXPECT_EQ(policy.due(20'000, 40 * kMiB, RoomToCompact::none), Reclaim::below_floor)
      << "there may be room now";
  EXPECT_EQ(policy.due(20'000, 40 * kMiB, RoomToCompact::enough), Reclaim::everything);
}

TEST(ReclaimPolicyOnATightDisk, DoesAgainWhatCouldNotBeDone) {
  ReclaimPolicy policy;
  policy.died(1 * kMiB);
  EXPECT_EQ(policy.due(10'000, 1 * kMiB, RoomToCompact::enough), Reclaim::everything);
  EXPECT_EQ(policy.due(15'000, 1 * kMiB, RoomToCompact::enough), Reclaim::nothing);
  policy.undone();
  EXPECT_EQ(policy.due(20'000, 1 * kMiB, RoomToCompact::enough), Reclaim::everything);
}

}  // namespace
}  // namespace headgate::store
