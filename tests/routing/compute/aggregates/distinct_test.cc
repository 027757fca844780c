#include "routing/compute/aggregates/distinct.h"

#include <gtest/gtest.h>

#include "routing/compute/aggregates/stable_hash.h"
#include "tests/routing/compute/aggregates/aggregate_fixture.h"
#include "tests/routing/compute/aggregates/random_source.h"

namespace headgate::routing::testing {
namespace {

using enum AggregateKind;

HashSet set_of(uint64_t seed, size_t from, size_t to) {
  HashSet set;
  for (size_t i = from; i < to; ++i) set.add(stable_hash("tag-" + std::to_string(i), seed));
  return set;
}

std::string state_of(const HashSet& set) {
  std::string bytes;
  set.save(bytes);
  return bytes;
}

TEST(Distinct, TellsTypesApartAndKnowsOneZero) {
  Adding tags(distinct);
  for (const Value& value : {number(1), text("1"), Value::of(true), Value::of(false), number(0), number(-0.0),
                             text(""), text("1")})
    EXPECT_EQ(tags.add(value), Taken::yes);
  EXPECT_EQ(tags.result(), 6);
}

TEST(Distinct, IsZeroWithoutValues) {
  Adding tags(distinct);
  EXPECT_EQ(tags.add(Value::null()), Taken::skipped);
  EXPECT_EQ(tags.add(number(kInfinity)), Taken::type_error);
  EXPECT_EQ(tags.result_kind(), Value::Kind::number);
  EXPECT_EQ(tags.result(), 0);
}

TEST(Distinct, TakesStringsOfAnyLength) {
  Adding tags(distinct);
  const std::string base(100'000, 'x');
  EXPECT_EQ(tags.add(text(base)), Taken::yes);
  EXPECT_EQ(tags.add(text(base + "y")), Taken::yes);
  EXPECT_EQ(tags.result(), 2);
}

TEST(Distinct, IsExactUpToSixtyFour) {
  for (size_t count = 0; count <= 64; ++count) {
    HashSet set = set_of(1, 0, count);
    set.merge(set_of(1, 0, count));
    EXPECT_EQ(set.size(), static_cast<double>(count));
  }
  EXPECT_GE(set_of(1, 0, 65).size(), 65);
}

struct Errors {
  double root_mean_square = 0;
  double bias = 0;
};

Errors errors_at(size_t count, uint64_t seeds) {
  Errors errors;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const double error = set_of(seed, 0, count).size() / static_cast<double>(count) - 1;
    errors.root_mean_square += error * error / static_cast<double>(seeds);
    errors.bias += error / static_cast<double>(seeds);
  }
  errors.root_mean_square = std::sqrt(errors.root_mean_square);
  return errors;
}

TEST(Distinct, ErrsByFivePercentAtMostOverManySeeds) {
  for (const auto& [count, seeds] : {std::pair<size_t, uint64_t>{65, 200},
                                     {200, 200},
                                     {1000, 200},
                                     {2560, 200},
                                     {5000, 100},
                                     {30'000, 50}}) {
    const Errors errors = errors_at(count, seeds);
    EXPECT_LT(errors.root_mean_square, 0.05) << count;
    EXPECT_LT(std::fabs(errors.bias), 0.0125) << count;
  }
}

TEST(Distinct, HasTheSameStateInAnyOrderAndHoweverMerged) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    RandomSource random(seed);
    std::vector<uint64_t> hashes(random.below(300));
    for (uint64_t& hash : hashes) hash = stable_hash(std::to_string(random.below(200)), 0);
    HashSet whole, left, right;
    for (const uint64_t hash : hashes) whole.add(hash);
    random.shuffle(hashes);
    for (const uint64_t hash : hashes) (random.chance(0.3) ? left : right).add(hash);
    left.merge(right);
    EXPECT_EQ(state_of(left), state_of(whole)) << seed;
  }
}

TEST(Distinct, DoesNotGrowWithAMillionValues) {
  const HashSet set = set_of(1, 0, 200'000);
  EXPECT_LE(set.heap_bytes(), HashSet::heap_bytes_max());
  EXPECT_LE(state_of(set).size(), 1100u);
}

}  // namespace
}  // namespace headgate::routing::testing
