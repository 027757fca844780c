#include "store/rocks/work/stall_watch.h"

#include <gtest/gtest.h>

namespace headgate::store {
namespace {

using Sign = StallWatch::Sign;

class StallWatchTest : public ::testing::Test {
 protected:
  Sign look(ThreadProgress now, int64_t s) { return watch.look(now, s * 1'000).sign; }

  StallWatch watch{10'000};
};

TEST_F(StallWatchTest, SaysNothingWhileWorkEndsInTime) {
  for (int s = 0; s < 100; ++s) EXPECT_EQ(look({static_cast<uint64_t>(s), true}, s), Sign::nothing) << s;
}

TEST_F(StallWatchTest, SaysNothingOfAThreadWithNothingToDo) {
  for (int s = 0; s < 100; ++s) EXPECT_EQ(look({5, false}, s), Sign::nothing) << s;
}

TEST_F(StallWatchTest, TellsOfWorkThatDoesNotEndOnceAMinute) {
  int told = 0;
  for (int s = 0; s < 200; ++s) told += look({1, true}, s) == Sign::waits ? 1 : 0;
  EXPECT_EQ(told, 4);
}

TEST_F(StallWatchTest, TellsWhenItHasEndedAndHowLongItTook) {
  (void)look({1, true}, 0);
  EXPECT_EQ(look({1, true}, 10), Sign::waits);
  const auto verdict = watch.look({2, true}, 15'000);
  EXPECT_EQ(verdict.sign, Sign::goes_on);
  EXPECT_EQ(verdict.for_ms, 15'000);
  EXPECT_EQ(look({2, true}, 16), Sign::nothing);
}

TEST_F(StallWatchTest, CountsFromTheSecondPieceAnew) {
  (void)look({1, true}, 0);
  (void)look({2, true}, 9);
  EXPECT_EQ(look({2, true}, 18), Sign::nothing);
  EXPECT_EQ(look({2, true}, 19), Sign::waits);
}

}  // namespace
}  // namespace headgate::store
