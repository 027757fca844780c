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
  for (const AggregateKind kind : {count_rows, count, count_if, distinct}) {
    EXPECT_EQ(Adding(kind).result_kind(), Value::Kind::number);
    EXPECT_EQ(Adding(kind).result(), 0);
  }
  for (const AggregateKind kind : {sum, avg, min, max, first, last, stddev, stddevp, var, varp, delta, rate,
                                   percentile, argmax, collect})
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

TEST(Change, IsZeroOfOneNumberAndHasNoRateWithoutTime) {
  EXPECT_EQ(of_numbers(delta, {5}), 0);
  EXPECT_EQ(Adding(rate).with({5}).result_kind(), Value::Kind::null);
  Adding at_once(rate);
  (void)at_once.add(number(1), 1000);
  (void)at_once.add(number(9), 1000);
  EXPECT_EQ(at_once.result_kind(), Value::Kind::null);
}

TEST(Spread, KnowsSamplesFromPopulations) {
  const std::vector<double> numbers = {2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_EQ(of_numbers(varp, numbers), 4);
  EXPECT_EQ(of_numbers(stddevp, numbers), 2);
  EXPECT_EQ(of_numbers(var, numbers), 32.0 / 7);
  EXPECT_EQ(of_numbers(stddev, numbers), std::sqrt(32.0 / 7));
}

TEST(Spread, OfOneValueIsZeroForAPopulationAndNullForASample) {
  for (const AggregateKind kind : {varp, stddevp}) EXPECT_EQ(of_numbers(kind, {23.4}), 0);
  for (const AggregateKind kind : {var, stddev})
    EXPECT_EQ(Adding(kind).with({23.4}).result_kind(), Value::Kind::null);
}

TEST(Spread, OfEqualValuesIsExactlyZero) {
  for (const double value : {0.1, 23.4, 1e-9, 1.7e12, 71.25})
    EXPECT_EQ(of_numbers(stddev, std::vector<double>(999, value)), 0) << value;
}

// In doubles the sums of squares agree to all 16 digits, and their difference is noise.
TEST(Spread, SurvivesALargeMean) {
  for (const double mean : {1e6, 1e9, 1e12, 4e14})
    EXPECT_EQ(of_numbers(var, {mean + 4, mean + 7, mean + 13, mean + 16}), 30) << mean;
}

TEST(Accumulator, IsNullBeyondTheRangeOfADouble) {
  for (const AggregateKind kind : {sum, avg}) {
    EXPECT_EQ(Adding(kind).with({1e308, 1e308, 1}).result_kind(), Value::Kind::null);
    EXPECT_EQ(Adding(kind).with({-1e308, -1e308}).result_kind(), Value::Kind::null);
  }
  EXPECT_EQ(Adding(stddev).with({1e200, -1e200}).result_kind(), Value::Kind::null);
  EXPECT_EQ(Adding(delta).with({-1e308, 1e308}).result_kind(), Value::Kind::null);
}

TEST(Extreme, PrefersNumbersToStringsWhicheverCameFirst) {
  Adding number_first(max), text_first(max);
  EXPECT_EQ(number_first.add(number(3)), Taken::yes);
  EXPECT_EQ(number_first.add(text("zero")), Taken::type_error);
  EXPECT_EQ(text_first.add(text("zero")), Taken::yes);
  EXPECT_EQ(text_first.add(number(3)), Taken::type_error);
  EXPECT_EQ(number_first.result(), 3);
  EXPECT_EQ(saved(text_first.state()), saved(number_first.state()));
}

TEST(Extreme, RefusesBooleansAndInfinity) {
  for (const AggregateKind kind : {min, max})
    for (const Value& value : {Value::of(true), number(kInfinity), number(-kInfinity)})
      EXPECT_EQ(Adding(kind).add(value), Taken::type_error);
}

TEST(Edge, KeepsNumbersBooleansAndStrings) {
  Adding latest(last);
  (void)latest.add(number(1));
  (void)latest.add(text("a string that is too long to stay inside"));
  EXPECT_EQ(latest.result_text(), "a string that is too long to stay inside");
  (void)latest.add(Value::of(true));
  EXPECT_EQ(latest.result_kind(), Value::Kind::boolean);
  EXPECT_EQ(latest.add(Value::null()), Taken::skipped);
  EXPECT_EQ(latest.result_kind(), Value::Kind::boolean);
}

TEST(Argmax, IsTheValueThatCameWithTheLargest) {
  Adding machine(argmax);
  EXPECT_EQ(machine.add(text("press-1"), number(80), 1000), Taken::yes);
  EXPECT_EQ(machine.add(text("press-2"), number(95.5), 2000), Taken::yes);
  EXPECT_EQ(machine.add(text("press-3"), number(-95.5), 3000), Taken::yes);
  EXPECT_EQ(machine.result_text(), "press-2");
}

TEST(Argmax, TakesTheEarlierOfEqualOnes) {
  Adding machine(argmax);
  for (const auto& [name, at_ms] : {std::pair{"b", 2000}, {"c", 3000}, {"a", 1000}, {"d", 4000}})
    (void)machine.add(text(name), number(7), at_ms);
  EXPECT_EQ(machine.result_text(), "a");
}

TEST(Argmax, SkipsWithoutEitherAndRefusesToOrderByAString) {
  Adding machine(argmax);
  EXPECT_EQ(machine.add(text("a"), Value::null(), 1000), Taken::skipped);
  EXPECT_EQ(machine.add(Value::missing(), number(1), 1000), Taken::skipped);
  EXPECT_EQ(machine.add(text("a"), text("9"), 1000), Taken::type_error);
  EXPECT_EQ(machine.result_kind(), Value::Kind::null);
  EXPECT_EQ(machine.add(Value::of(true), number(-1), 1000), Taken::yes);
  EXPECT_EQ(machine.result_kind(), Value::Kind::boolean);
}

TEST(Accumulator, RefusesToKeepAStringOfMoreThanAKibibyte) {
  const std::string longest(1024, 'x');
  const std::string longer(1025, 'x');
  for (const AggregateKind kind : {min, max, first, last, argmax, collect}) {
    Adding kept(kind);
    EXPECT_EQ(kept.add(text(longest), number(1), 1000), Taken::yes);
    EXPECT_EQ(kept.add(text(longer), number(2), 2000), Taken::type_error);
    EXPECT_LE(kept.state().bytes(), kept.state().bytes_max());
  }
}

TEST(Accumulator, IsACopyOfItsOwn) {
  for (const AggregateKind kind : {avg, last, percentile, distinct, collect}) {
    Adding original(kind, 0.5);
    original.with({1, 2});
    const std::string before = saved(original.state());
    Accumulator copy = original.state();
    (void)copy.add(number(9), Value::undefined(), {9000, 9});
    EXPECT_EQ(saved(original.state()), before);
  }
}

TEST(Accumulator, MergedWithItselfHasSeenAllTwice) {
  for (const auto& [kind, wanted] :
       {std::pair{count, 6.0}, {sum, 12.0}, {max, 3.0}, {percentile, 2.0}, {distinct, 3.0}}) {
    Adding twice(kind, 0.5);
    twice.with({1, 2, 3}).state().merge(twice.state());
    EXPECT_EQ(twice.result(), wanted);
  }
}

// One of each kind, with something in it.
std::vector<std::pair<Aggregate, Accumulator>> filled() {
  std::vector<std::pair<Aggregate, Accumulator>> all;
  for (auto kind = count_rows; kind <= collect;
       kind = static_cast<AggregateKind>(static_cast<int>(kind) + 1)) {
    const Aggregate spec = aggregate(kind, kind == collect ? 100 : 0.9);
    Accumulator some = Accumulator::of(spec);
    for (int i = 0; i < 90; ++i) (void)some.add(number(i * 1.5), number(i), {i * 1000, 1});
    all.emplace_back(spec, some);
  }
  return all;
}

TEST(Accumulator, GoesOnAfterItWasStored) {
  for (auto& [spec, state] : filled()) {
    Accumulator again = reloaded(spec, state);
    EXPECT_EQ(saved(again), saved(state));
    for (Accumulator* each : {&again, &state}) (void)each->add(number(11), number(400), {4500, 4});
    EXPECT_EQ(saved(again), saved(state));
  }
}

TEST(Accumulator, RefusesEveryBeginningOfWhatItStored) {
  for (const auto& [spec, state] : filled()) {
    const std::string bytes = saved(state);
    for (size_t size = 0; size < bytes.size(); ++size) {
      Accumulator read = state;
      std::string_view in = std::string_view(bytes).substr(0, size);
      EXPECT_FALSE(read.load(in)) << static_cast<int>(spec.kind) << " cut at " << size;
      EXPECT_EQ(in.size(), size);
      EXPECT_EQ(saved(read), saved(Accumulator::of(spec)));
    }
  }
}

TEST(Accumulator, RefusesOtherAggregatesAndLaterReleases) {
  for (const auto& [spec, state] : filled()) {
    const std::string bytes = saved(state);
    for (const size_t at : {0, 1}) {
      std::string strange = bytes;
      ++strange[at];
      std::string_view in = strange;
      EXPECT_FALSE(Accumulator::of(spec).load(in)) << static_cast<int>(spec.kind);
    }
  }
}

TEST(Accumulator, StoresOneAfterTheOther) {
  std::string bytes;
  for (const auto& [spec, state] : filled()) state.save(bytes);
  std::string_view in = bytes;
  for (const auto& [spec, state] : filled()) {
    Accumulator read = Accumulator::of(spec);
    EXPECT_TRUE(read.load(in));
    EXPECT_EQ(saved(read), saved(state));
  }
  EXPECT_TRUE(in.empty());
}

}  // namespace
}  // namespace headgate::routing::testing
