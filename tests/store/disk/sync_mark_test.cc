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

TEST_F(SyncMarkTest, ClaimsNothingWhenAnyBitOfItIsFlipped) {
  for (uint64_t bit = 0; bit < 32 * 8; ++bit) {
    forget_sync_mark(dir.path());
    SyncMark(dir.path()).advance({7, 5});
    flip_bit(dir / "synced", bit);
    EXPECT_FALSE(read_sync_mark(dir.path())) << bit;
  }
}

TEST_F(SyncMarkTest, IsDoneWithoutWhereItCannotBeWritten) {
  SyncMark mark(dir / "missing");
  mark.advance({7, 5});
  EXPECT_FALSE(read_sync_mark(dir / "missing"));
}

}  // namespace
}  // namespace headgate::store
