#include <gtest/gtest.h>

#include <algorithm>

#include "routing/compute/aggregates/quantile_sketch.h"
#include "tests/routing/compute/aggregates/aggregate_fixture.h"
#include "tests/routing/compute/aggregates/random_source.h"

namespace headgate::routing::testing {
namespace {

constexpr double kShares[] = {0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};

QuantileSketch sketch_of(const std::vector<double>& numbers) {
  QuantileSketch sketch;
  for (const double each : numbers) sketch.add(each);
  return sketch;
}

std::string state_of(const QuantileSketch& sketch) {
  std::string bytes;
  sketch.save(bytes);
  return bytes;
}

double exact_quantile(const std::vector<double>& ascending, double share) {
  const double position = share * static_cast<double>(ascending.size() - 1);
  const auto rank = static_cast<size_t>(position);
  const double next = ascending[std::min(rank + 1, ascending.size() - 1)];
  return std::lerp(ascending[rank], next, position - static_cast<double>(rank));
}

struct Distribution {
  const char* name;
  double (*draw)(RandomSource&);
};

const Distribution kDistributions[] = {
    {"uniform", [](RandomSource& random) { return random.between(20, 90); }},
    {"from almost nothing", [](RandomSource& random) { return random.unit(); }},
    {"exponential", [](RandomSource& random) { return -std::log(1 - random.unit()); }},
    {"heavy tail", [](RandomSource& random) { return 1 / std::pow(1 - random.unit(), 0.8); }},
    {"log-normal", [](RandomSource& random) { return std::exp(0.7 * random.normal()); }},
    {"far below zero", [](RandomSource& random) { return -std::exp(random.normal()); }},
    {"around zero", [](RandomSource& random) { return std::round(random.normal() * 200) / 10; }},
    {"mostly zero", [](RandomSource& random) { return random.chance(0.6) ? 0 : random.between(-3, 8); }},
    {"large numbers", [](RandomSource& random) { return 1.7e12 * random.between(0.5, 2); }},
    {"tiny numbers", [](RandomSource& random) { return 1e-300 * random.between(0.5, 2); }},
};

TEST(Quantile, IsWithinOnePercentForEveryDistribution) {
  for (const Distribution& distribution : kDistributions) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      RandomSource random(seed);
      std::vector<double> numbers(3000);
      for (double& each : numbers) each = distribution.draw(random);
      const QuantileSketch sketch = sketch_of(numbers);
      std::ranges::sort(numbers);
      for (const double share : kShares) {
        const double exact = exact_quantile(numbers, share);
        EXPECT_NEAR(sketch.quantile(share), exact, std::fabs(exact) * 0.0100001)
            << distribution.name << " " << share << " seed " << seed;
      }
    }
  }
}

TEST(Quantile, IsExactUpToSixtyFourValues) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    RandomSource random(seed);
    std::vector<double> numbers(1 + random.below(64));
    for (double& each : numbers) each = random.reading();
    const QuantileSketch sketch = sketch_of(numbers);
    std::ranges::sort(numbers);
    for (const double share : kShares) EXPECT_EQ(sketch.quantile(share), exact_quantile(numbers, share));
  }
}

TEST(Quantile, LiesBetweenTheNearestRanksInProportion) {
  EXPECT_EQ(sketch_of({1, 2}).quantile(0.5), 1.5);
  EXPECT_EQ(sketch_of({10, 20, 30, 40, 50}).quantile(0.9), 46);
  EXPECT_EQ(sketch_of({7}).quantile(0.95), 7);
  EXPECT_EQ(sketch_of({-0.0}).quantile(0.5), 0);
}

TEST(Quantile, NeverLeavesTheRangeOfTheValues) {
  const QuantileSketch steady = sketch_of(std::vector<double>(1000, 100.0));
  for (const double share : kShares) EXPECT_EQ(steady.quantile(share), 100);
}

// The header's example: 71.25 counts in bucket 214, which stands for 71.528.
TEST(Quantile, GivesABucketsMiddleForAllInIt) {
  std::vector<double> numbers(99, 71.25);
  numbers.push_back(1);
  numbers.push_back(1000);
  EXPECT_NEAR(sketch_of(numbers).quantile(0.5), 71.528, 0.001);
}

TEST(Quantile, HasTheSameStateInAnyOrderAndHoweverMerged) {
  for (const Distribution& distribution : kDistributions) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      RandomSource random(seed);
      std::vector<double> numbers(40 + random.below(400));
      for (double& each : numbers) each = distribution.draw(random);
      const std::string in_order = state_of(sketch_of(numbers));
      random.shuffle(numbers);
      const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(random.below(numbers.size()));
      QuantileSketch merged = sketch_of({middle, numbers.end()});
      merged.merge(sketch_of({numbers.begin(), middle}));
      EXPECT_EQ(state_of(merged), in_order) << distribution.name << " seed " << seed;
    }
  }
}

// Both signs over 16 orders of magnitude: twice 1,842 buckets, of which 512 are kept.
std::vector<double> too_wide(RandomSource& random) {
  std::vector<double> numbers(20'000);
  for (double& each : numbers) each = std::pow(10, random.between(-8, 8)) * (random.chance(0.4) ? -1 : 1);
  return numbers;
}

TEST(Quantile, GivesUpTheValuesNearestToZeroFirst) {
  RandomSource random(7);
  std::vector<double> numbers = too_wide(random);
  const QuantileSketch sketch = sketch_of(numbers);
  EXPECT_LE(sketch.heap_bytes(), QuantileSketch::heap_bytes_max());
  std::ranges::sort(numbers);
  for (const double share : {0.001, 0.01, 0.03, 0.97, 0.99, 0.999}) {
    const double exact = exact_quantile(numbers, share);
    EXPECT_NEAR(sketch.quantile(share), exact, std::fabs(exact) * 0.0100001) << share;
  }
  // What remains is off by less than the least magnitude that is kept: 512 buckets hold a factor of 168 a sign.
  for (const double share : {0.2, 0.4, 0.5, 0.7}) {
    const double exact = exact_quantile(numbers, share);
    EXPECT_NEAR(sketch.quantile(share), exact, 1e8 / 100) << share;
  }
}

TEST(Quantile, IsIndependentOfTheOrderEvenWhenBucketsAreGivenUp) {
  RandomSource random(8);
  std::vector<double> numbers = too_wide(random);
  const std::string in_order = state_of(sketch_of(numbers));
  for (int round = 0; round < 5; ++round) {
    random.shuffle(numbers);
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(random.below(numbers.size()));
    QuantileSketch merged = sketch_of({middle, numbers.end()});
    merged.merge(sketch_of({numbers.begin(), middle}));
    EXPECT_EQ(state_of(merged), in_order);
  }
}

TEST(Quantile, KeepsSmallValuesOfASignWithoutBucketsAsZero) {
  QuantileSketch sketch;
  for (int i = 0; i < 1000; ++i) sketch.add(-1e-9);
  for (int i = 0; i < 600; ++i) sketch.add(std::exp(0.03 * i));
  EXPECT_EQ(sketch.quantile(0.1), 0);
  EXPECT_NEAR(sketch.quantile(0.99), std::exp(0.03 * 583), std::exp(0.03 * 583) * 0.0100001);
}

TEST(Quantile, TakesAFewBytesForReadingsThatAreAlike) {
  RandomSource random(9);
  QuantileSketch sketch;
  for (int i = 0; i < 10'000; ++i) sketch.add(70 + random.normal());
  EXPECT_LT(state_of(sketch).size(), 64u);
}

TEST(Quantile, OfAnAccumulatorTakesItsShareFromTheAggregate) {
  Adding median(AggregateKind::percentile, 0.5), p95(AggregateKind::percentile, 0.95);
  for (int i = 0; i <= 20; ++i) {
    (void)median.add(number(i));
    (void)p95.add(number(i));
  }
  EXPECT_EQ(median.result(), 10);
  EXPECT_EQ(p95.result(), 19);
  EXPECT_EQ(p95.add(text("5")), Taken::type_error);
  EXPECT_EQ(Adding(AggregateKind::percentile, 0.5).result_kind(), Value::Kind::null);
}

}  // namespace
}  // namespace headgate::routing::testing
