#include "routing/compute/aggregates/accumulator.h"

#include <gtest/gtest.h>

#include "tests/routing/compute/aggregates/aggregate_fixture.h"

namespace headgate::routing::testing {
namespace {

using enum AggregateKind;

double of_numbers(AggregateKind kind, const std::vector<double>& numbers) {
  return Adding(kind).with(numbers).result();
}

TEST(Accumulator, IsSmallWithoutAHeapForAverages) {
  Adding average(avg);
  average.with({1, 2, 3});
  EXPECT_EQ(average.state().bytes(), 32u);
}

TEST(Accumulator, SkipsWhatIsAbsentAndCountsRowsAllTheSame) {
  for (const Value& absent : {Value::undefined(), Value::missing(), Value::null()}) {
    for (const AggregateKind kind :
         {count, count_if, sum, avg, min, max, first, last, stddev, var, delta, rate})
      EXPECT_EQ(Adding(kind).add(absent), Taken::skipped);
    Adding rows(count_rows);
    EXPECT_EQ(rows.add(absent), Taken::yes);
    EXPECT_EQ(rows.result(), 1);
  }
}

TEST(Accumulator, WithoutValuesCountsZeroAndIsNullOtherwise) {
  for (const AggregateKind kind : {count_rows, count, count_if}) {
    EXPECT_EQ(Adding(kind).result_kind(), Value::Kind::number);
    EXPECT_EQ(Adding(kind).result(), 0);
  }
  for (const AggregateKind kind : {sum, avg, min, max, first, last, stddev, stddevp, var, varp, delta, rate})
    EXPECT_EQ(Adding(kind).result_kind(), Value::Kind::null);
}

TEST(Counter, CountsValuesOfEveryType) {
  Adding values(count);
  for (const Value& value : {number(1), text(""), Value::of(false), number(kInfinity)})
    EXPECT_EQ(values.add(value), Taken::yes);
  EXPECT_EQ(values.result(), 4);
}

TEST(Counter, CountsWhereAConditionHolds) {
  Adding holds(count_if);
  for (const bool truth : {true, false, true}) EXPECT_EQ(holds.add(Value::of(truth)), Taken::yes);
  EXPECT_EQ(holds.add(number(1)), Taken::type_error);
  EXPECT_EQ(holds.result(), 2);
}

TEST(Mean, AddsAndAverages) {
  EXPECT_EQ(of_numbers(sum, {1, 2, 3.5}), 6.5);
  EXPECT_EQ(of_numbers(avg, {1, 2, 6}), 3);
}

TEST(Mean, RefusesWhatIsNoFiniteNumber) {
  for (const AggregateKind kind : {sum, avg, stddev, delta, rate})
    for (const Value& value : {text("23.4"), Value::of(true), number(kInfinity), number(-kInfinity)})
      EXPECT_EQ(Adding(kind).add(value), Taken::type_error);
}

TEST(Mean, KeepsWhatAPlainSumLoses) {
  EXPECT_EQ(of_numbers(sum, {1e16, 1, -1e16}), 1);
  EXPECT_EQ(of_numbers(sum, {1, 1e100, 1, -1e100}), 2);
  EXPECT_EQ(of_numbers(sum, std::vector<double>(10, 0.1)), 1.0);
}

TEST(Extreme, FindsTheLeastAndTheGreatest) {
  EXPECT_EQ(of_numbers(min, {3, -1, 2}), -1);
  EXPECT_EQ(of_numbers(max, {3, -1, 2}), 3);
}

TEST(Extreme, OrdersStrings) {
  Adding least(min), greatest(max);
  for (const char* word : {"pear", "apple", "zucchini", "apple pie"}) {
    (void)least.add(text(word));
    (void)greatest.add(text(word));
  }
  EXPECT_EQ(least.result_text(), "apple");
  EXPECT_EQ(greatest.result_text(), "zucchini");
}

TEST(Edge, GoesByTheEventTimeNotByTheArrival) {
  Adding earliest(first), latest(last);
  for (const int64_t at_ms : {2000, 1000, 3000, 2500}) {
    (void)earliest.add(number(static_cast<double>(at_ms)), at_ms);
    (void)latest.add(number(static_cast<double>(at_ms)), at_ms);
  }
  EXPECT_EQ(earliest.result(), 1000);
  EXPECT_EQ(latest.result(), 3000);
}

TEST(Edge, TakesTheOrderOfArrivalAmongEqualTimes) {
  Adding earliest(first), latest(last);
  for (const char* word : {"a", "b", "c"}) {
    (void)earliest.add(text(word), 1000);
    (void)latest.add(text(word), 1000);
  }
  EXPECT_EQ(earliest.result_text(), "a");
  EXPECT_EQ(latest.result_text(), "c");
}

TEST(Change, IsTheLastNumberLessTheFirst) {
  Adding change(delta), per_second(rate);
  for (const auto& [at_ms, value] : {std::pair{4000, 30.0}, {1000, 12.0}, {2000, 99.0}}) {
    (void)change.add(number(value), at_ms);
    (void)per_second.add(number(value), at_ms);
  }
  EXPECT_EQ(change.result(), 18);
  EXPECT_EQ(per_second.result(), 6);
}

TEST(Accumulator, GoesOnAfterItWasStored) {
  for (const AggregateKind kind :
       {count_rows, count, sum, avg, min, max, first, last, stddev, stddevp, var, varp, delta, rate}) {
    Adding whole(kind);
    whole.with({3, -2, 7.5});
    Accumulator state = reloaded(aggregate(kind), whole.state());
    EXPECT_EQ(saved(state), saved(whole.state()));
    whole.with({11});
    EXPECT_EQ(state.add(number(11), Value::undefined(), {4000, 4}), Taken::yes);
    EXPECT_EQ(saved(state), saved(whole.state()));
  }
}

}  // namespace
}  // namespace headgate::routing::testing
