#include "hub/shell/watchdog.h"

#include <gtest/gtest.h>

namespace headgate::hub {
namespace {

using Sign = Watchdog::Sign;

constexpr WatchdogLimits kLimits{.stalled_ms = 5'000, .stop_ms = 5'000, .ping_every_ms = 2'000};

TEST(WatchdogTest, SaysNothingOfALoopThatDoesNotRunYet) {
  Watchdog dog(kLimits);
  for (int s = 0; s < 60; ++s) {
    const auto verdict = dog.look(0, s * 1'000);
    EXPECT_EQ(verdict.sign, Sign::nothing);
    EXPECT_FALSE(verdict.ping);
  }
}

TEST(WatchdogTest, PingsAsOftenAsItIsWantedWhileTheLoopBeats) {
  Watchdog dog(kLimits);
  int pings = 0;
  for (int s = 0; s < 10; ++s) pings += dog.look(static_cast<uint64_t>(s) + 1, s * 1'000).ping ? 1 : 0;
  EXPECT_EQ(pings, 5);
}

TEST(WatchdogTest, PingsNobodyWhoDoesNotWantIt) {
  Watchdog dog({});
  for (int s = 0; s < 10; ++s) EXPECT_FALSE(dog.look(static_cast<uint64_t>(s) + 1, s * 1'000).ping);
}

TEST(WatchdogTest, TellsOnceOfALoopThatStallsAndPingsNoMore) {
  Watchdog dog(kLimits);
  (void)dog.look(1, 0);
  int told = 0;
  for (int s = 1; s < 60; ++s) {
    const auto verdict = dog.look(1, s * 1'000);
    told += verdict.sign == Sign::stalled ? 1 : 0;
    EXPECT_FALSE(verdict.ping && s >= 5) << s;
  }
  EXPECT_EQ(told, 1);
}

TEST(WatchdogTest, TellsWhenTheLoopGoesOnAndHowLongItHadStood) {
  Watchdog dog(kLimits);
  (void)dog.look(1, 0);
  (void)dog.look(1, 6'000);
  const auto verdict = dog.look(2, 9'000);
  EXPECT_EQ(verdict.sign, Sign::recovered);
  EXPECT_EQ(verdict.silent_ms, 9'000);
  EXPECT_TRUE(verdict.ping);
}

TEST(WatchdogTest, EndsAProcessThatWasAskedToAndDoesNotWhateverTheLoopDoes) {
  Watchdog dog(kLimits);
  (void)dog.look(1, 0);
  dog.stop(1'000);
  dog.stop(4'000);  // asked once more: no more time for it
  EXPECT_FALSE(dog.look(2, 5'999).end);
  EXPECT_TRUE(dog.look(3, 6'000).end);
}

}  // namespace
}  // namespace headgate::hub
