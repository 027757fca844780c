// Costs of windows. Bars (docs/route-language.md, "Cost"): 500,000 messages a second of 220 bytes of JSON into an
// average for each of 1,000 keys, parse included, and 1,000,000 through a projection without a window; Hopping(1h, 1s) at
// most 1.3 times Tumbling(1h) with 100 keys and 100 messages a key and hop, results included.
//   build/release/bin/route_windows_bench
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/message.h"
#include "routing/compute/computation.h"
#include "routing/evaluation/message_fields.h"
#include "routing/table/compile.h"
#include "routing/table/route_table.h"

namespace headgate::routing {
namespace {

std::shared_ptr<const ComputePlan> plan_of(const char* route) {
  std::vector<Diagnostic> found;
  auto compiled = compile_route(route, Semantics::strict, BodyMode::auto_detect, found);
  auto plan = std::make_shared<ComputePlan>();
  plan->query = std::move(compiled->query);
  plan->condition = std::move(compiled->condition);
  plan->reading = compiled->reading;
  plan->sinks = std::move(compiled->sinks);
  return plan;
}

// Readings of so many machines, 220 bytes each.
std::vector<core::Message> readings(int machines) {
  std::vector<core::Message> messages;
  for (int i = 0; i < machines; ++i) {
    char body[256];
    std::snprintf(
        body, sizeof body,
        R"({"machine":{"id":"press-%04d","line":"north","temperature":%d.25,"vibration":0.0213,"rpm":1480},)"
        R"("ambient":{"temperature":21.4,"humidity":43},"status":"running","alarms":[],"ts":"2026-08-01T12:00:00.000Z","seq":12345})",
        i, 60 + i % 30);
    messages.emplace_back();
    messages.back().body = body;
  }
  return messages;
}

// Feeds messages at a steady rate, and commits each 4,096 of them.
class Feeder {
 public:
  Feeder(const char* route, int machines) : computation_(plan_of(route)), messages_(readings(machines)) {}

  void feed(int64_t at_ms) {
    while (computation_.advance(at_ms, 256, results_)) drop_results();
    core::Message& message = messages_[next_++ % messages_.size()];
    message.arrived_ms = at_ms;
    fields_.bind(message);
    bool dead_letter = false;
    benchmark::DoNotOptimize(computation_.take(fields_, at_ms, "device", "id", dead_letter, results_));
    drop_results();
    if (next_ % 4096 == 0) commit();
  }
  void commit() {
    computation_.save_changed([this](std::string_view key, std::optional<std::string> bytes) {
      stored_bytes_ += key.size() + (bytes ? bytes->size() : 0);
    });
  }

  [[nodiscard]] uint64_t results() const { return result_count_; }
  [[nodiscard]] uint64_t stored_bytes() const { return stored_bytes_; }
  [[nodiscard]] const Computation& computation() const { return computation_; }
  [[nodiscard]] size_t body_bytes() const { return messages_.front().body.size(); }

 private:
  void drop_results() {
    result_count_ += results_.size();
    results_.clear();
  }

  Computation computation_;
  std::vector<core::Message> messages_;
  MessageFields fields_;
  Computation::Results results_;
  size_t next_ = 0;
  uint64_t result_count_ = 0;
  uint64_t stored_bytes_ = 0;
};

void report(benchmark::State& state, const Feeder& feeder, uint64_t results_before, uint64_t stored_before) {
  const auto iterations = static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
  state.counters["results"] = static_cast<double>(feeder.results() - results_before);
  state.counters["evicted"] = static_cast<double>(feeder.computation().counts().evicted);
  state.counters["state_bytes"] = static_cast<double>(feeder.computation().state_bytes());
  state.counters["stored_per_payload"] = static_cast<double>(feeder.stored_bytes() - stored_before) /
                                         iterations / static_cast<double>(feeder.body_bytes());
}

void run(benchmark::State& state, const char* route, int machines, int64_t messages_a_second) {
  Feeder feeder(route, machines);
  int64_t count = 0;
  for (auto _ : state) feeder.feed(++count * 1000 / messages_a_second);
  report(state, feeder, 0, 0);
}

void TumblingAverage(benchmark::State& state) {
  run(state,
      "SELECT $body.machine.id AS machine, avg($body.machine.temperature) AS t FROM /messages/* "
      "GROUP BY $body.machine.id, Tumbling(1m) INTO $upstream",
      1000, 10'000);
}
BENCHMARK(TumblingAverage);

void TumblingPercentile(benchmark::State& state) {
  run(state,
      "SELECT $body.machine.id AS machine, percentile($body.machine.temperature, 0.95) AS t FROM /messages/* "
      "GROUP BY $body.machine.id, Tumbling(1m) INTO $upstream",
      1000, 10'000);
}
BENCHMARK(TumblingPercentile);

void TumblingAverageByEventTime(benchmark::State& state) {
  run(state,
      "SELECT $body.machine.id AS machine, avg($body.machine.temperature) AS t FROM /messages/* "
      "TIMESTAMP BY $body.ts OVER $body.machine.id GROUP BY $body.machine.id, Tumbling(1m) INTO $upstream",
      1000, 10'000);
}
BENCHMARK(TumblingAverageByEventTime);

void DeadbandByMachine(benchmark::State& state) {
  run(state,
      "FROM /messages/* WHERE changed($body.machine.temperature, 0.5) OVER ($body.machine.id) INTO $upstream",
      1000, 10'000);
}
BENCHMARK(DeadbandByMachine);

// Where the message is matched, as the hub does it: source, condition, the row.
void Projection(benchmark::State& state) {
  RouteSpec spec;
  spec.name = "projection";
  spec.text =
      "SELECT $body.machine.id AS machine, $body.machine.temperature AS t FROM /messages/* "
      "WHERE $body.machine.temperature > 10 INTO $upstream";
  const auto table = RouteTable::build(std::span(&spec, 1)).table;
  const std::vector<core::Message> messages = readings(1000);
  MatchContext context;
  std::vector<Match> matches;
  size_t next = 0;
  size_t bytes = 0;
  for (auto _ : state) {
    table->match(messages[next++ % messages.size()], context, matches);
    for (const RouteIndex route : context.projecting()) bytes += table->project(route, context).body.size();
  }
  if (bytes < next) state.SkipWithError("nothing was made of the messages");
  state.SetItemsProcessed(static_cast<int64_t>(next));
}
BENCHMARK(Projection);

// 100 keys; the hour before is filled with a message a key and second.
void an_hour(benchmark::State& state, const char* route) {
  Feeder feeder(route, 100);
  int64_t at = 0;
  for (; at < 3'600'000; at += 10) feeder.feed(at);
  const uint64_t results = feeder.results();
  const uint64_t stored = feeder.stored_bytes();
  int64_t count = 0;
  for (auto _ : state) feeder.feed(at + ++count / 10);  // 10,000 a second
  report(state, feeder, results, stored);
}

void AnHourTumbling(benchmark::State& state) {
  an_hour(state,
          "SELECT $body.machine.id AS machine, avg($body.machine.temperature) AS t FROM /messages/* "
          "GROUP BY $body.machine.id, Tumbling(1h) INTO $upstream");
}
BENCHMARK(AnHourTumbling);

void AnHourHoppingEachSecond(benchmark::State& state) {
  an_hour(state,
          "SELECT $body.machine.id AS machine, avg($body.machine.temperature) AS t FROM /messages/* "
          "GROUP BY $body.machine.id, Hopping(1h, 1s) INTO $upstream");
}
BENCHMARK(AnHourHoppingEachSecond);

void AnHourHoppingPercentile(benchmark::State& state) {
  an_hour(
      state,
      "SELECT $body.machine.id AS machine, percentile($body.machine.temperature, 0.95) AS t FROM /messages/* "
      "GROUP BY $body.machine.id, Hopping(1h, 1s) INTO $upstream");
}
BENCHMARK(AnHourHoppingPercentile);

}  // namespace
}  // namespace headgate::routing

BENCHMARK_MAIN();
