#include "upstream/drain/backoff.h"

#include <gtest/gtest.h>

#include <random>

namespace headgate::upstream {
namespace {

constexpr BackoffOptions kOptions{1000, 300000};
constexpr bool kHopeless = true;

TEST(Backoff, StaysBetweenBaseAndThreeTimesTheWaitBefore) {
  std::mt19937_64 random(7);
  Backoff backoff(kOptions);
  int64_t previous_ms = kOptions.base_ms;
  for (int i = 0; i < 1000; ++i) {
    const int64_t wait_ms = backoff.next_ms(0, false, random());
    EXPECT_GE(wait_ms, kOptions.base_ms);
    EXPECT_LE(wait_ms, std::min(kOptions.cap_ms, previous_ms * 3));
    previous_ms = wait_ms;
  }
}

TEST(Backoff, ReachesTheCapWhenItsLuckIsBad) {
  Backoff backoff(kOptions);
  int64_t wait_ms = 0;
  for (int i = 0; i < 10; ++i) wait_ms = backoff.next_ms(0, false, UINT64_MAX - UINT64_MAX % 2000 - 1);
  EXPECT_LE(wait_ms, kOptions.cap_ms);
}

TEST(Backoff, StartsOverOnlyAfterThirtyStableSeconds) {
  Backoff backoff({1000, 300000});
  (void)backoff.next_ms(0, kHopeless, 0);
  EXPECT_GE(backoff.next_ms(29999, false, 298999), 299999);
  EXPECT_LE(backoff.next_ms(30000, false, UINT64_MAX), 3000);
}

TEST(Backoff, GoesToTheCapAtOnceWhenRefusedForGood) {
  Backoff backoff(kOptions);
  EXPECT_GE(backoff.next_ms(0, kHopeless, 12345), kOptions.cap_ms * 9 / 10);
}

TEST(Backoff, SurvivesABaseAboveTheCap) {
  Backoff backoff({5000, 2000});
  EXPECT_EQ(backoff.next_ms(0, false, 99), 2000);
}

}  // namespace
}  // namespace headgate::upstream
