// Routes over bids of an auction house, after the NEXMark suite: map, filter, top of a hopping window, maximum of a
// tumbling one, bids of a session. One core; parse, match, state and results included, no store and no network. The
// bids are the same in each run.
//   build/release/bin/nexmark_bench
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "routing/compute/result_topic.h"
#include "routing/table/route_table.h"

namespace headgate::routing {
namespace {

constexpr int64_t kBeginMs = 1'785'585'600'000;
constexpr int64_t kBidsASecond = 10'000;
constexpr size_t kBids = size_t{1} << 16U;
constexpr size_t kCommitEvery = 4096;

// Auctions and bidders by a square: few have most of the bids.
class Generator {
 public:
  core::Message bid() {
    const uint64_t auction = 1000 + next(100) * next(100) / 10;
    const uint64_t bidder = 5000 + next(40) * next(40);
    char body[256];
    const int size = std::snprintf(
        body, sizeof body,
        R"({"auction":%llu,"bidder":%llu,"price":%llu.%02llu,"channel":"channel-%llu","url":"https://auctions.example/item/%llu","extra":"%s"})",
        ull(auction), ull(bidder), ull(100 + next(10'000)), ull(next(100)), ull(next(8)), ull(auction),
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    core::Message message;
    message.topic = "bids";
    message.body.assign(body, static_cast<size_t>(size));
    return message;
  }

 private:
  static unsigned long long ull(uint64_t value) { return value; }
  uint64_t next(uint64_t below) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return (state_ >> 33U) % below;
  }

  uint64_t state_ = 1;
};

const std::vector<core::Message>& bids() {
  static const std::vector<core::Message> all = [] {
    std::vector<core::Message> made;
    Generator generator;
    for (size_t i = 0; i < kBids; ++i) made.push_back(generator.bid());
    return made;
  }();
  return all;
}

std::vector<RouteSpec> specs_of(std::span<const char* const> texts) {
  std::vector<RouteSpec> specs;
  for (const char* text : texts) {
    RouteSpec spec;
    spec.name = "route-" + std::to_string(specs.size());
    spec.text = text;
    specs.push_back(std::move(spec));
  }
  return specs;
}

// A table with the computations of its routes. Results INTO Topic('…') come back; all others are counted.
class Engine {
 public:
  explicit Engine(const std::vector<RouteSpec>& specs) : table_(RouteTable::build(specs).table) {
    for (const RouteIndex route : table_->computing())
      running_.push_back({route, Computation(table_->plan(route))});
  }

  [[nodiscard]] bool complete(size_t routes) const { return table_->routes().size() == routes; }

  void take(core::Message& message, int64_t at_ms) {
    message.arrived_ms = message.arrived_hub_ms = at_ms;
    for (Running& one : running_) fire(one, at_ms);
    handle(message);
    while (!behind_.empty()) {
      core::Message next = std::move(behind_.front());
      behind_.pop_front();
      next.arrived_ms = next.arrived_hub_ms = at_ms;
      handle(next);
    }
    if (++taken_ % kCommitEvery == 0) commit();
  }

  [[nodiscard]] uint64_t results() const { return results_count_; }
  [[nodiscard]] uint64_t state_bytes() const {
    uint64_t bytes = 0;
    for (const Running& one : running_) bytes += one.computation.state_bytes();
    return bytes;
  }

 private:
  struct Running {
    RouteIndex route;
    Computation computation;
  };

  void fire(Running& one, int64_t at_ms) {
    for (bool more = true; more;) {
      more = one.computation.advance(at_ms, 256, results_);
      hand_out(one.route);
    }
  }

  void handle(const core::Message& message) {
    table_->match(message, context_, matches_);
    for (const RouteIndex route : context_.projecting()) {
      results_.push_back(table_->project(route, context_));
      hand_out(route);
    }
    if (!context_.computed()) return;
    const auto takers = table_->takers(message, context_);
    const std::string source = sender_key(message);
    for (Running& one : running_) {
      if (std::find(takers.begin(), takers.end(), one.route) == takers.end()) continue;
      bool too_late = false;
      (void)one.computation.take(context_.fields(), message.arrived_hub_ms, source, "id", too_late, results_);
      hand_out(one.route);
    }
  }

  void hand_out(RouteIndex route) {
    results_count_ += results_.size();
    for (ComputeResult& result : results_) {
      for (const Sink& sink : table_->plan(route)->sinks) {
        if (sink.kind != Sink::Kind::topic) continue;
        behind_.emplace_back();
        behind_.back().topic = sink.topic;
        behind_.back().body = result.body;
      }
    }
    results_.clear();
  }

  void commit() {
    for (Running& one : running_)
      one.computation.save_changed([](std::string_view key, std::optional<std::string> bytes) {
        benchmark::DoNotOptimize(key.data());
        benchmark::DoNotOptimize(bytes);
      });
  }

  std::shared_ptr<const RouteTable> table_;
  std::vector<Running> running_;
  MatchContext context_;
  std::vector<Match> matches_;
  Computation::Results results_;
  std::deque<core::Message> behind_;
  uint64_t taken_ = 0;
  uint64_t results_count_ = 0;
};

void run(benchmark::State& state, std::span<const char* const> routes) {
  Engine engine(specs_of(routes));
  if (!engine.complete(routes.size())) return state.SkipWithError("a route does not compile");
  std::vector<core::Message> messages = bids();
  int64_t count = 0;
  for (auto _ : state) {
    core::Message& bid = messages[static_cast<size_t>(count) % messages.size()];
    engine.take(bid, kBeginMs + count * 1000 / kBidsASecond);
    ++count;
  }
  state.SetItemsProcessed(count);
  state.counters["results"] = static_cast<double>(engine.results());
  state.counters["state_bytes"] = static_cast<double>(engine.state_bytes());
}

void Map(benchmark::State& state) {
  constexpr const char* kRoutes[] = {
      "SELECT $body.auction AS auction, $body.bidder AS bidder, $body.price * 0.908 AS price FROM 'bids' "
      "INTO $upstream"};
  run(state, kRoutes);
}
BENCHMARK(Map);

void Filter(benchmark::State& state) {
  constexpr const char* kRoutes[] = {
      "SELECT $body.auction AS auction, $body.price AS price FROM 'bids' WHERE $body.auction % 123 = 0 "
      "INTO $upstream"};
  run(state, kRoutes);
}
BENCHMARK(Filter);

void HoppingTop(benchmark::State& state) {
  constexpr const char* kRoutes[] = {
      "SELECT $body.auction AS auction, count(*) AS n, $window.end AS at FROM 'bids' "
      "GROUP BY $body.auction, Hopping(10s, 2s) INTO Topic('counts')",
      "SELECT argmax($body.auction, $body.n) AS auction, max($body.n) AS n FROM 'counts' "
      "TIMESTAMP BY $body.at GROUP BY Tumbling(2s) INTO $upstream"};
  run(state, kRoutes);
}
BENCHMARK(HoppingTop);

void TumblingMaximum(benchmark::State& state) {
  constexpr const char* kRoutes[] = {
      "SELECT max($body.price) AS price, argmax($body.bidder, $body.price) AS bidder FROM 'bids' "
      "GROUP BY Tumbling(10s) INTO $upstream"};
  run(state, kRoutes);
}
BENCHMARK(TumblingMaximum);

void SessionCount(benchmark::State& state) {
  constexpr const char* kRoutes[] = {
      "SELECT $body.bidder AS bidder, count(*) AS bids FROM 'bids' GROUP BY $body.bidder, Session(10s, 1h) "
      "INTO $upstream"};
  run(state, kRoutes);
}
BENCHMARK(SessionCount);

}  // namespace
}  // namespace headgate::routing

int main(int argc, char** argv) {
  benchmark::AddCustomContext(
      "eKuiper publishes",
      "12,000 messages/s at 70 % of a Raspberry Pi 3B+ and 10,000/s at 25 % of a t2.micro "
      "for a filter into a file; 400 to 500 KB a rule");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
