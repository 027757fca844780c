// What matching costs. Bars (docs/route-language.md, "Cost"): 1,000 routes of which one can take the
// message cost at most 1.2 times one route; a $body predicate on 220 bytes of JSON at most 1 µs.
//   build/release/bin/routing_bench
#include <benchmark/benchmark.h>

#include <functional>

#include "routing/table/route_table.h"

namespace headgate::routing {
namespace {

constexpr const char* kReading =
    R"({"machine":{"id":"press-07","line":"north","temperature":71.25,"vibration":0.0213,"rpm":1480},)"
    R"("ambient":{"temperature":21.4,"humidity":43},"status":"running","alarms":[],"ts":"2026-08-01T12:00:00.000Z","seq":12345678901})";

core::Message reading(std::string module, std::string topic) {
  core::Properties properties;
  properties.content_type = "application/json";
  properties.user = {{"level", "info"}, {"batch", "42"}};
  core::Message message;
  message.topic = std::move(topic);
  message.body = kReading;
  message.properties = std::make_shared<core::Properties>(std::move(properties));
  message.source = std::make_shared<core::Source>(core::Source{"client", "edge", std::move(module)});
  return message;
}

std::vector<RouteSpec> routes(int64_t count, const std::function<std::string(int64_t)>& text) {
  std::vector<RouteSpec> specs;
  for (int64_t i = 0; i < count; ++i) {
    RouteSpec spec;
    spec.name = "route-" + std::to_string(i);
    spec.text = text(i);
    specs.push_back(std::move(spec));
  }
  return specs;
}

void match_repeatedly(benchmark::State& state, const std::vector<RouteSpec>& specs,
                      const core::Message& message) {
  const auto built = RouteTable::build(specs);
  MatchContext context;
  std::vector<Match> matches;
  built.table->match(message, context, matches);
  if (matches.size() != 1) return state.SkipWithError("exactly one endpoint should match");
  for (auto _ : state) {
    built.table->match(message, context, matches);
    benchmark::DoNotOptimize(matches.data());
  }
}

void ModuleOutputs(benchmark::State& state) {
  const auto specs = routes(state.range(0), [](int64_t i) {
    return "FROM /messages/modules/m" + std::to_string(i) + "/outputs/* WHERE level = 'info' INTO $upstream";
  });
  match_repeatedly(state, specs, reading("m0", "modules/m0/outputs/readings"));
}
BENCHMARK(ModuleOutputs)->Arg(1)->Arg(10)->Arg(1000);

void TopicFilters(benchmark::State& state) {
  const auto specs = routes(state.range(0), [](int64_t i) {
    return "FROM 'plant/" + std::to_string(i) + "/+/temperature' WHERE level = 'info' INTO $upstream";
  });
  match_repeatedly(state, specs, reading("", "plant/0/line/temperature"));
}
BENCHMARK(TopicFilters)->Arg(1)->Arg(10)->Arg(1000);

// Nothing but the parse and the predicate: one route, and its source is the cheapest.
void BodyPredicate(benchmark::State& state) {
  match_repeatedly(
      state,
      routes(1, [](int64_t) { return "FROM /messages WHERE $body.machine.temperature > 70 INTO $upstream"; }),
      reading("", "plant/7"));
  state.counters["body_bytes"] = static_cast<double>(std::string_view(kReading).size());
}
BENCHMARK(BodyPredicate);

// The same body asked by ten routes to one endpoint: it is parsed once.
void TenBodyPredicates(benchmark::State& state) {
  match_repeatedly(
      state,
      routes(10,
             [](int64_t) { return "FROM /messages WHERE $body.machine.temperature > 70 INTO $upstream"; }),
      reading("", "plant/7"));
}
BENCHMARK(TenBodyPredicates);

void PropertyPredicate(benchmark::State& state) {
  match_repeatedly(
      state,
      routes(1,
             [](int64_t) {
               return "FROM /messages WHERE as_number(batch) >= 42 AND level = 'info' INTO $upstream";
             }),
      reading("", "plant/7"));
}
BENCHMARK(PropertyPredicate);

void NoCondition(benchmark::State& state) {
  match_repeatedly(state, routes(1, [](int64_t) { return "FROM /messages/* INTO $upstream"; }),
                   reading("", "plant/7"));
}
BENCHMARK(NoCondition);

void CompileRoute(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<Diagnostic> found;
    benchmark::DoNotOptimize(
        compile_route("FROM /messages/modules/sensor/outputs/* WHERE $body.machine.temperature > 70 AND "
                      "NOT (level = 'debug') INTO BrokeredEndpoint('/modules/detector/inputs/readings')",
                      Semantics::strict, BodyMode::auto_detect, found));
  }
}
BENCHMARK(CompileRoute);

}  // namespace
}  // namespace headgate::routing

BENCHMARK_MAIN();
