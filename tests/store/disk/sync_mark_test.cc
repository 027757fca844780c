#include "store/disk/sync_mark.h"

#include <gtest/gtest.h>

#include "tests/store/rocks/file_damage.h"
#include "tests/support/temp_dir.h"

namespace headgate::store {
namespace {

class SyncMarkTest : public ::testing::Test {
 protected:
  testing::TempDir dir;
};

TEST_F(SyncMarkTest, SaysHowFarWasSynced) {
  SyncMark(dir.path()).advance({7, 5});
  EXPECT_EQ(read_sync_mark(dir.path()), (SyncedUpTo{7, 5}));
}

TEST_F(SyncMarkTest, OnlyGrowsAlsoOverARestart) {
  SyncMark(dir.path()).advance({7, 5});
  SyncMark(dir.path()).advance({6, 9});
  EXPECT_EQ(read_sync_mark(dir.path()), (SyncedUpTo{7, 9}));
}

TEST_F(SyncMarkTest, ClaimsNothingWithoutAFileOrWhenForgotten) {
  EXPECT_FALSE(read_sync_mark(dir.path()));
  SyncMark(dir.path()).advance({7, 5});
  forget_sync_mark(dir.path());
  EXPECT_FALSE(read_sync_mark(dir.path()));
}

constexpr uint64_t kCopyBits = 8 * 4096;

TEST_F(SyncMarkTest, ClaimsNothingWhenAnyBitOfBothCopiesIsFlipped) {
  for (uint64_t bit = 0; bit < 32 * 8; ++bit) {
    forget_sync_mark(dir.path());
    SyncMark(dir.path()).advance({7, 5});
    flip_bit(dir / "synced", bit);
    flip_bit(dir / "synced", kCopyBits + bit);
    EXPECT_FALSE(read_sync_mark(dir.path())) << bit;
  }
}

TEST_F(SyncMarkTest, ClaimsWhatWasSyncedAtTheStartWhicheverCopyIsTorn) {
  for (const uint64_t torn : {uint64_t{0}, kCopyBits}) {
    SyncMark(dir.path()).advance({7, 5});
    SyncMark(dir.path(), {8, 0}).advance({9, 9});
    flip_bit(dir / "synced", torn);
    ASSERT_TRUE(read_sync_mark(dir.path())) << torn;
    EXPECT_GE(read_sync_mark(dir.path())->log_sequence, 8u) << torn;
  }
}

TEST_F(SyncMarkTest, ClaimsWhatIsKnownToBeOnTheDiskBeforeAnythingIsWritten) {
  const SyncMark mark(dir.path(), {8, 3});
  EXPECT_EQ(read_sync_mark(dir.path()), (SyncedUpTo{8, 3}));
}

TEST_F(SyncMarkTest, WritesOverACopyOnlyWhileTheOtherIsOnTheDisk) {
  SyncMark mark(dir.path());
  for (uint64_t synced = 1; synced <= 10'000; ++synced) mark.advance({synced, synced});
  flip_bit(dir / "synced", 0);
  const auto first_torn = read_sync_mark(dir.path());
  flip_bit(dir / "synced", 0);
  flip_bit(dir / "synced", kCopyBits);
  const auto second_torn = read_sync_mark(dir.path());
  ASSERT_TRUE(first_torn && second_torn);
  EXPECT_EQ(std::max(first_torn->seq, second_torn->seq), 10'000u);
  EXPECT_GT(std::min(first_torn->seq, second_torn->seq), 5'000u) << "copies take turns";
}

TEST_F(SyncMarkTest, IsDoneWithoutWhereItCannotBeWritten) {
  SyncMark mark(dir / "missing");
  mark.advance({7, 5});
  EXPECT_FALSE(read_sync_mark(dir / "missing"));
}

}  // namespace
}  // namespace headgate::store
