#include "routing/compute/aggregates/collected.h"

#include <gtest/gtest.h>

#include "tests/routing/compute/aggregates/aggregate_fixture.h"
#include "tests/routing/compute/aggregates/random_source.h"

namespace headgate::routing::testing {
namespace {

using enum AggregateKind;

TEST(Collected, IsAJsonArrayInTheOrderOfTime) {
  Adding list(collect, 10);
  (void)list.add(text("late \"one\""), 3000);
  (void)list.add(number(1.5), 1000);
  (void)list.add(Value::of(true), 2000);
  EXPECT_EQ(list.result_kind(), Value::Kind::json);
  EXPECT_EQ(list.result_text(), R"([1.5,true,"late \"one\""])");
}

TEST(Collected, IsNullWithoutValues) {
  Adding list(collect, 10);
  EXPECT_EQ(list.add(Value::undefined()), Taken::skipped);
  EXPECT_EQ(list.result_kind(), Value::Kind::null);
}

TEST(Collected, KeepsTheFirstByTimeWhateverComesFirst) {
  Adding list(collect, 3);
  for (const int64_t at_ms : {5000, 1000, 4000, 2000, 6000, 3000})
    (void)list.add(number(static_cast<double>(at_ms) / 1000), at_ms);
  EXPECT_EQ(list.result_text(), "[1,2,3]");
}

TEST(Collected, RefusesAStringOfMoreThanAKibibyte) {
  Adding list(collect, 3);
  EXPECT_EQ(list.add(text(std::string(1024, 'x'))), Taken::yes);
  EXPECT_EQ(list.add(text(std::string(1025, 'x'))), Taken::type_error);
}

TEST(Collected, EndsBeforeTheTextThatIsTooMuch) {
  Adding list(collect, 100);
  for (int i = 0; i < 17; ++i) EXPECT_EQ(list.add(text(std::string(1000, 'x')), i * 1000), Taken::yes);
  (void)list.add(text("short, but after one that had no place"), 20'000);
  EXPECT_EQ(list.result_text().size(), 16u * 1003 + 1);
  EXPECT_LE(list.state().bytes(), list.state().bytes_max());
}

TEST(Collected, HoldsAHundredWhateverIsAskedFor) {
  for (const double most : {0.0, 101.0, 1e300, -1.0}) {
    Adding list(collect, most);
    for (int i = 0; i < 150; ++i) (void)list.add(number(7));
    EXPECT_EQ(list.result_text().size(), 201u);
  }
}

TEST(Collected, TakesAllOfOneStampOrNone) {
  const Aggregate spec = aggregate(collect, 2);
  for (const bool another_before : {false, true}) {
    Accumulator state = Accumulator::of(spec);
    if (another_before) (void)state.add(number(1), Value::undefined(), {1000, 1});
    for (int i = 0; i < 3; ++i) (void)state.add(number(2 + i), Value::undefined(), {2000, 7});
    Scratch scratch;
    EXPECT_EQ(state.value(scratch).text, another_before ? "[1]" : "[]");
    EXPECT_EQ(saved(reloaded(spec, state)), saved(state));
  }
}

TEST(Collected, HasTheSameStateInAnyOrderAndHoweverMerged) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RandomSource random(seed);
    std::vector<std::pair<int64_t, std::string>> values;
    for (int64_t i = 0; i < 60; ++i) values.emplace_back(i, std::string(random.below(1025), 'x'));
    const auto add = [&](Accumulator& to, const auto& value) {
      (void)to.add(text(value.second), Value::undefined(), {value.first, 0});
    };
    const Aggregate spec = aggregate(collect, 1 + static_cast<double>(random.below(60)));
    Accumulator whole = Accumulator::of(spec), left = Accumulator::of(spec), right = Accumulator::of(spec);
    for (const auto& value : values) add(whole, value);
    random.shuffle(values);
    for (const auto& value : values) add(random.chance(0.5) ? left : right, value);
    left.merge(right);
    EXPECT_EQ(saved(left), saved(whole)) << seed;
  }
}

}  // namespace
}  // namespace headgate::routing::testing
