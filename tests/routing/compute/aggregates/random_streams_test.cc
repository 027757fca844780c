// Properties of every aggregate over random streams: against naive computation, in any order, however split, merged
// and stored in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/routing/compute/aggregates/aggregate_fixture.h"
#include "tests/routing/compute/aggregates/random_source.h"

namespace headgate::routing::testing {
namespace {

using enum AggregateKind;

constexpr uint64_t kSeeds = 60;

struct Event {
  Value argument;
  Value by;
  Stamp stamp;
};
using Events = std::vector<Event>;

const std::vector<Aggregate>& every_aggregate() {
  static const std::vector<Aggregate> all = [] {
    std::vector<Aggregate> made;
    for (auto kind = count_rows; kind <= collect;
         kind = static_cast<AggregateKind>(static_cast<int>(kind) + 1))
      made.push_back(aggregate(kind, kind == percentile ? 0.9 : kind == collect ? 20 : 0));
    return made;
  }();
  return all;
}

// Readings, and now and then anything else that a message may hold.
Value any_value(RandomSource& random) {
  constexpr std::string_view kWords[] = {"", "run", "stop", "Ärger",
                                         "a longer text that has no place in a short string"};
  switch (random.below(12)) {
    case 0:
      return Value::null();
    case 1:
      return random.chance(0.5) ? Value::undefined() : Value::missing();
    case 2:
      return Value::of(random.chance(0.5));
    case 3:
      return text(kWords[random.below(std::size(kWords))]);
    case 4:
      return number(random.chance(0.5) ? 0.0 : random.chance(0.5) ? -0.0 : kInfinity);
    default:
      return number(random.reading());
  }
}

// Few distinct times, so that many are equal; the order tells them apart.
Events any_events(RandomSource& random, size_t count) {
  Events events;
  for (size_t i = 0; i < count; ++i)
    events.push_back(
        {any_value(random), any_value(random), {static_cast<int64_t>(random.below(40)) * 1000, i}});
  return events;
}

Accumulator of_events(const Aggregate& spec, const Events& events) {
  Accumulator state = Accumulator::of(spec);
  for (const Event& event : events) (void)state.add(event.argument, event.by, event.stamp);
  return state;
}

TEST(RandomStreams, GiveTheSameStateInAnyOrderHoweverSplitMergedAndStored) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    RandomSource random(seed);
    Events events = any_events(random, random.below(300));
    std::vector<std::string> in_order;
    for (const Aggregate& spec : every_aggregate()) in_order.push_back(saved(of_events(spec, events)));
    random.shuffle(events);
    for (size_t i = 0; i < in_order.size(); ++i) {
      const Aggregate& spec = every_aggregate()[i];
      std::vector<Accumulator> parts(1 + random.below(6), Accumulator::of(spec));
      for (const Event& event : events) {
        Accumulator& part = parts[random.below(parts.size())];
        (void)part.add(event.argument, event.by, event.stamp);
        if (random.chance(0.02)) part = reloaded(spec, part);
      }
      random.shuffle(parts);
      Accumulator merged = Accumulator::of(spec);
      for (const Accumulator& part : parts) merged.merge(part);
      EXPECT_EQ(saved(merged), in_order[i]) << "aggregate " << i << " seed " << seed;
    }
  }
}

TEST(RandomStreams, KeepMemoryAndWhatIsStoredInTheirBounds) {
  RandomSource random(99);
  const Events events = any_events(random, 5000);
  for (const Aggregate& spec : every_aggregate()) {
    Accumulator state = Accumulator::of(spec);
    const std::string long_text(KeptValue::kTextBytesMax, 'x');
    for (const Event& event : events) {
      (void)state.add(event.argument, event.by, event.stamp);
      EXPECT_LE(state.bytes(), state.bytes_max()) << static_cast<int>(spec.kind);
      if (random.chance(0.01)) (void)state.add(text(long_text), number(1e9), event.stamp);
    }
    EXPECT_LE(saved(state).size(), state.bytes_max() + 64) << static_cast<int>(spec.kind);
  }
}

TEST(RandomStreams, MergeWithAnEmptyOneOnEitherSide) {
  RandomSource random(5);
  const Events events = any_events(random, 150);
  for (const Aggregate& spec : every_aggregate()) {
    const Accumulator whole = of_events(spec, events);
    Accumulator into_empty = Accumulator::of(spec);
    into_empty.merge(whole);
    EXPECT_EQ(saved(into_empty), saved(whole));
    into_empty.merge(Accumulator::of(spec));
    EXPECT_EQ(saved(into_empty), saved(whole));
  }
}

// Results as a person would compute them from all the readings at hand.
struct Naive {
  std::vector<double> numbers;  // by stamp

  [[nodiscard]] double total() const { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }
  [[nodiscard]] double mean() const { return total() / static_cast<double>(numbers.size()); }
  [[nodiscard]] double square_deviations() const {
    double squares = 0;
    for (const double each : numbers) squares += (each - mean()) * (each - mean());
    return squares;
  }
  [[nodiscard]] double result(AggregateKind kind) const {
    const auto n = static_cast<double>(numbers.size());
    switch (kind) {
      case count_rows:
      case count:
        return n;
      case sum:
        return total();
      case avg:
        return mean();
      case min:
        return *std::ranges::min_element(numbers);
      case max:
        return *std::ranges::max_element(numbers);
      case first:
        return numbers.front();
      case last:
        return numbers.back();
      case var:
        return square_deviations() / (n - 1);
      case varp:
        return square_deviations() / n;
      case stddev:
        return std::sqrt(square_deviations() / (n - 1));
      case stddevp:
        return std::sqrt(square_deviations() / n);
      case delta:
        return numbers.back() - numbers.front();
      default:
        return (numbers.back() - numbers.front()) / (n - 1);  // rate: a reading a second
    }
  }
};

TEST(RandomStreams, GiveWhatNaiveComputationGives) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    RandomSource random(seed);
    Naive naive;
    naive.numbers.resize(2 + random.below(200));
    for (double& each : naive.numbers) each = random.reading();
    Events events;
    for (size_t i = 0; i < naive.numbers.size(); ++i)
      events.push_back({number(naive.numbers[i]), Value::undefined(), {static_cast<int64_t>(i) * 1000, i}});
    random.shuffle(events);
    for (const AggregateKind kind :
         {count_rows, count, sum, avg, min, max, first, last, stddev, stddevp, var, varp, delta, rate}) {
      Scratch scratch;
      const double wanted = naive.result(kind);
      EXPECT_NEAR(of_events(aggregate(kind), events).value(scratch).number, wanted,
                  std::fabs(wanted) * 1e-11 + 1e-9)
          << static_cast<int>(kind) << " seed " << seed;
    }
  }
}

TEST(RandomStreams, CountTypeErrorsWithoutTakingThem) {
  RandomSource random(3);
  const Events events = any_events(random, 2000);
  uint64_t numbers = 0, strange = 0;
  Accumulator average = Accumulator::of(aggregate(avg));
  Accumulator counted = Accumulator::of(aggregate(count));
  for (const Event& event : events) {
    const Taken taken = average.add(event.argument, event.by, event.stamp);
    if (taken == Taken::skipped) continue;
    (void)counted.add(event.argument, event.by, event.stamp);
    (taken == Taken::yes ? numbers : strange) += 1;
  }
  Scratch scratch;
  EXPECT_GT(strange, 100u);
  EXPECT_EQ(counted.value(scratch).number, static_cast<double>(numbers + strange));
}

}  // namespace
}  // namespace headgate::routing::testing
