#include "store/rocks/work/life_cycle.h"

#include <gtest/gtest.h>

#include <vector>

namespace headgate::store {
namespace {

const core::Error kNoDisk{core::Errc::io, "the disk is gone"};
const core::Error kLater{core::Errc::io, "what came of it"};

LifeCycle reopening() {
  LifeCycle life;
  life.fail(kNoDisk);
  life.reopen();
  return life;
}

TEST(LifeCycle, BeginsOpen) {
  const LifeCycle life;
  EXPECT_TRUE(life.is_open());
  EXPECT_TRUE(life.check_open());
}

TEST(LifeCycle, FailsOnceAndKeepsTheFirstCause) {
  LifeCycle life;
  EXPECT_TRUE(life.fail(kNoDisk));
  EXPECT_FALSE(life.fail(kLater));
  EXPECT_EQ(life.state(), State::failed);
  EXPECT_EQ(life.cause().what, kNoDisk.what);
  EXPECT_EQ(life.check_open().error().what,
            "the store has failed (the disk is gone) and is being opened again");
}

TEST(LifeCycle, IsBrokenUntilItIsOpenAgain) {
  LifeCycle life = reopening();
  EXPECT_TRUE(life.is_broken());
  EXPECT_FALSE(life.fail(kLater));
  EXPECT_EQ(life.opened().what, kNoDisk.what);
  EXPECT_TRUE(life.is_open());
  EXPECT_FALSE(life.is_broken());
}

TEST(LifeCycle, IsNotTriedAgainWhileItIsBeingOpened) {
  const LifeCycle life = reopening();
  EXPECT_FALSE(life.retry_due(INT64_MAX));
}

TEST(LifeCycle, WaitsTwiceAsLongAfterEachFailureToOpenUpToHalfAMinute) {
  LifeCycle life = reopening();
  std::vector<int64_t> waits_s;
  for (int64_t now_ms = 0; waits_s.size() < 8;) {
    const int64_t wait_ms = life.not_opened(now_ms);
    EXPECT_FALSE(life.retry_due(now_ms + wait_ms - 1));
    EXPECT_TRUE(life.retry_due(now_ms += wait_ms));
    waits_s.push_back(wait_ms / 1'000);
    life.reopen();
  }
  EXPECT_EQ(waits_s, (std::vector<int64_t>{1, 2, 4, 8, 16, 32, 32, 32}));
}

TEST(LifeCycle, WaitsShortlyAgainOnceItWasOpen) {
  LifeCycle life = reopening();
  EXPECT_EQ(life.not_opened(0), 1'000);
  life.reopen();
  life.opened();
  life.fail(kLater);
  life.reopen();
  EXPECT_EQ(life.not_opened(0), 1'000);
}

TEST(LifeCycle, EndsFromEveryStateAndStaysEnded) {
  LifeCycle life = reopening();
  EXPECT_EQ(life.close(), State::reopening);
  EXPECT_EQ(life.close(), State::closed);
  EXPECT_FALSE(life.fail(kLater));
  EXPECT_FALSE(life.is_broken());
  EXPECT_FALSE(life.retry_due(INT64_MAX));
  EXPECT_EQ(life.check_open().error().what, "the store is closed");
}

}  // namespace
}  // namespace headgate::store
