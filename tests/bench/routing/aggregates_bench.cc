// Cost of an aggregate's value: add() for a stream of readings into one of 1,000 groups' accumulators, and what a pane
// costs to merge and to store.
//   build/release/bin/aggregates_bench
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "routing/compute/aggregates/accumulator.h"

namespace headgate::routing {
namespace {

constexpr size_t kGroups = 1000;

Aggregate aggregate(AggregateKind kind, double parameter = 0) {
  Aggregate made;
  made.kind = kind;
  made.parameter = parameter;
  return made;
}

// Temperatures around 70 with two decimals, from a multiplicative generator.
std::vector<Value> readings() {
  std::vector<Value> values;
  uint64_t state = 1;
  for (int i = 0; i < 4096; ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    values.push_back(Value::of(std::round(static_cast<double>(state >> 40) / 0x1p24 * 4000 + 5000) / 100));
  }
  return values;
}

void add_repeatedly(benchmark::State& state, const Aggregate& spec) {
  const std::vector<Value> values = readings();
  std::vector<Accumulator> groups(kGroups, Accumulator::of(spec));
  uint64_t i = 0;
  for (auto _ : state) {
    const Value& value = values[i % values.size()];
    benchmark::DoNotOptimize(groups[i % kGroups].add(value, value, {static_cast<int64_t>(i), i}));
    ++i;
  }
  size_t bytes = 0;
  for (const Accumulator& group : groups) bytes += group.bytes();
  state.SetItemsProcessed(static_cast<int64_t>(i));
  state.counters["bytes_a_group"] = static_cast<double>(bytes / kGroups);
}

Accumulator filled(const Aggregate& spec) {
  Accumulator state = Accumulator::of(spec);
  uint64_t order = 0;
  for (const Value& value : readings()) {
    (void)state.add(value, value, {static_cast<int64_t>(order), order});
    ++order;
  }
  return state;
}

void merge_repeatedly(benchmark::State& state, const Aggregate& spec) {
  const Accumulator pane = filled(spec);
  Accumulator window = pane;
  for (auto _ : state) {
    window.merge(pane);
    benchmark::DoNotOptimize(window);
  }
}

void store_repeatedly(benchmark::State& state, const Aggregate& spec) {
  const Accumulator pane = filled(spec);
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    pane.save(bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.counters["stored_bytes"] = static_cast<double>(bytes.size());
}

const Aggregate kAverage = aggregate(AggregateKind::avg);
const Aggregate kDeviation = aggregate(AggregateKind::stddev);
const Aggregate kLast = aggregate(AggregateKind::last);
const Aggregate kP95 = aggregate(AggregateKind::percentile, 0.95);
const Aggregate kDistinct = aggregate(AggregateKind::distinct);

BENCHMARK_CAPTURE(add_repeatedly, avg, kAverage);
BENCHMARK_CAPTURE(add_repeatedly, stddev, kDeviation);
BENCHMARK_CAPTURE(add_repeatedly, last, kLast);
BENCHMARK_CAPTURE(add_repeatedly, percentile, kP95);
BENCHMARK_CAPTURE(add_repeatedly, distinct, kDistinct);
BENCHMARK_CAPTURE(merge_repeatedly, avg, kAverage);
BENCHMARK_CAPTURE(merge_repeatedly, percentile, kP95);
BENCHMARK_CAPTURE(store_repeatedly, avg, kAverage);
BENCHMARK_CAPTURE(store_repeatedly, percentile, kP95);

}  // namespace
}  // namespace headgate::routing

BENCHMARK_MAIN();
