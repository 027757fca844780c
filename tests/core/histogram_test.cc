#include "core/histogram.h"

#include <gtest/gtest.h>

namespace headgate::core {
namespace {

TEST(Histogram, ADurationIsInTheFirstBucketThatReachesIt) {
  Histogram times;
  for (const int64_t us : {int64_t{0}, int64_t{100}, int64_t{101}, int64_t{10'000'000}, int64_t{10'000'001}})
    times.add(us);
  EXPECT_EQ(times.in_bucket(0), 2u);
  EXPECT_EQ(times.in_bucket(1), 1u);
  EXPECT_EQ(times.in_bucket(Histogram::kBuckets - 2), 1u);
  EXPECT_EQ(times.in_bucket(Histogram::kBuckets - 1), 1u);
}

TEST(Histogram, CountAndSumAreOfAllDurations) {
  Histogram times;
  times.add(1'500);
  times.add(20'000'000);
  EXPECT_EQ(times.count(), 2u);
  EXPECT_EQ(times.sum_us(), 20'001'500u);
}

TEST(Histogram, ANegativeDurationCountsAsNone) {
  Histogram times;
  times.add(-7);
  EXPECT_EQ(times.in_bucket(0), 1u);
  EXPECT_EQ(times.sum_us(), 0u);
}

}  // namespace
}  // namespace headgate::core
