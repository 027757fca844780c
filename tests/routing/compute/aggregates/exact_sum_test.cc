#include "routing/compute/aggregates/exact_sum.h"

#include <gtest/gtest.h>

#include "tests/routing/compute/aggregates/random_source.h"

namespace headgate::routing::testing {
namespace {

// Whole numbers of 2^-40 with up to 90 bits, added exactly.
double true_sum(const std::vector<double>& numbers) {
  __extension__ __int128 sum = 0;
  for (const double each : numbers) sum += static_cast<__int128_t>(std::ldexp(each, 40));
  return std::ldexp(static_cast<double>(sum), -40);
}

std::vector<double> wide_numbers(RandomSource& random, size_t count) {
  std::vector<double> numbers;
  for (size_t i = 0; i < count; ++i) {
    const auto whole = static_cast<double>(static_cast<int64_t>(random.bits()) >> 11);
    numbers.push_back(std::ldexp(whole, -40 + static_cast<int>(random.below(25))));
  }
  return numbers;
}

template <size_t N>
ExactSum<N> sum_of(const std::vector<double>& numbers) {
  ExactSum<N> sum;
  for (const double each : numbers) sum.add(each);
  return sum;
}

template <size_t N>
std::string state_of(const ExactSum<N>& sum) {
  std::string bytes;
  sum.save(bytes);
  return bytes;
}

TEST(ExactSum, IsTheTrueSumRoundedOnce) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomSource random(seed);
    const std::vector<double> numbers = wide_numbers(random, 1000);
    EXPECT_EQ(sum_of<2>(numbers).value(), true_sum(numbers)) << seed;
    EXPECT_EQ(sum_of<3>(numbers).value(), true_sum(numbers)) << seed;
  }
}

TEST(ExactSum, HasTheSameStateInAnyOrder) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomSource random(seed);
    std::vector<double> numbers = wide_numbers(random, 500);
    const std::string in_order = state_of(sum_of<2>(numbers));
    random.shuffle(numbers);
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(random.below(500));
    ExactSum<2> merged = sum_of<2>({middle, numbers.end()});
    merged.merge(sum_of<2>({numbers.begin(), middle}));
    EXPECT_EQ(state_of(merged), in_order) << seed;
  }
}

TEST(ExactSum, SurvivesCancellation) {
  EXPECT_EQ(sum_of<2>({1e16, 1, -1e16}).value(), 1);
  EXPECT_EQ(sum_of<2>({1, 1e100, 1, -1e100}).value(), 2);
  EXPECT_EQ(sum_of<3>({1e200, 1e100, 1, -1e100, -1e200}).value(), 1);
}

TEST(ExactSum, AddsProductsWithAllTheirBits) {
  ExactSum<3> sum;
  const double x = 1 + 0x1p-52;
  sum.add_product(x, x);
  sum.add(-1);
  sum.add(-0x1p-51);
  EXPECT_EQ(sum.value(), 0x1p-104);
}

TEST(ExactSum, IsInfiniteForGoodBeyondTheLargestDouble) {
  for (const double large : {1e308, -1e308}) {
    ExactSum<2> sum = sum_of<2>({large, large, -large, -large});
    EXPECT_TRUE(std::isinf(sum.value()));
    ExactSum<2> merged = sum_of<2>({1, 2});
    merged.merge(sum);
    EXPECT_EQ(state_of(merged), state_of(sum));
  }
}

TEST(ExactSum, GivesEqualValuesThatValueAsMean) {
  for (const double value : {0.1, 23.4, 1e-9, 1.7e12, -71.25}) {
    ExactSum<2> sum;
    for (int count = 1; count <= 2000; ++count) {
      sum.add(value);
      EXPECT_EQ(sum.mean(count), value) << count;
    }
  }
}

TEST(ExactSum, ReadsBackOnlyWhatASumCanBe) {
  const auto reads = [](double high, double low) {
    std::string bytes;
    pack_double(bytes, high);
    pack_double(bytes, low);
    PackedReader in(bytes);
    return ExactSum<2>().load(in);
  };
  EXPECT_TRUE(reads(1e16, 1));
  EXPECT_FALSE(reads(1, 1));
  EXPECT_FALSE(reads(0, 1e-300));
  EXPECT_FALSE(reads(std::nan(""), 0));
  EXPECT_FALSE(reads(1, std::nan("")));
}

}  // namespace
}  // namespace headgate::routing::testing
