#include "hub/recorded_runs.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/system_clock.h"
#include "hub/admin/past/trial.h"
#include "routing/files/route_check.h"
#include "routing/files/schema_files.h"

namespace headgate::hub {
namespace {

// Copied in one turn of the loop.
constexpr size_t kMessagesATurn = 100;
// Work of a trial.
constexpr int64_t kTrialMs = 2'000;

// Adds those of `others` that have other names.
template <typename Named>
void add_others(std::vector<Named>& own, const std::vector<Named>& others) {
  const auto count = std::ssize(own);
  for (const Named& other : others) {
    const bool replaced = std::any_of(own.begin(), own.begin() + count,
                                      [&](const Named& one) { return one.name == other.name; });
    if (!replaced) own.push_back(other);
  }
}

core::Unexpected mistakes_in(const routing::RouteFile& routes) {
  std::string lines;
  for (const auto& error : routes.errors) lines.append(lines.empty() ? "" : "\n").append(error.what);
  return core::fail(core::Errc::invalid, lines);
}

// Rows of tables are shown to the role admin alone. Tables that messages fill are empty at first in a trial.
void leave_out_files(std::vector<routing::TableSource>& tables) {
  std::erase_if(tables, [](const auto& table) { return table.kind == routing::TableSource::Kind::file; });
}

// A trial reads no file that its request names: what stands there would come out in rows. Returns what is wrong.
std::string use_tables_in_force(routing::RouteFile& routes,
                                const std::vector<routing::TableSource>& in_force) {
  const auto is_known = [&](const routing::TableSource& one) {
    return std::ranges::any_of(in_force, [&](const auto& other) { return other.name == one.name; });
  };
  for (const routing::TableSource& table : routes.tables) {
    if (table.kind == routing::TableSource::Kind::file && !is_known(table))
      return "tables." + table.name + ": a trial reads no file of a table; put the table in force first";
  }
  std::erase_if(routes.tables, is_known);
  return {};
}

}  // namespace

// Recorded messages that routes are to be run over.
struct RecordedRuns::Gathered {
  int64_t since_ms = 0;
  std::string user;
  uint64_t after = 0;
  uint64_t last = 0;  // the newest message when it began
  Coverage basis;
  uint64_t left_out = 0;
  std::vector<TrialMessage> messages;

  // Routes make again what they have made.
  void take(const Recorded& one, const std::function<bool(std::string_view topic)>& is_seen) {
    after = one.number;
    if (one.number > last) return;
    const core::Message& message = *one.message;
    if (one.made || one.returned || message.arrived_ms < since_ms || !is_seen(message.topic)) return;
    if (!one.has_whole_body() || one.cut) {
      ++left_out;
      return;
    }
    messages.push_back({.message = one.message, .number = one.number, .seq = one.seq});
  }
};

struct RecordedRuns::Run {
  RecordedRun request;
  RecordedMatches report;
  std::shared_ptr<Gathered> gathered;
  Defaults defaults;
  std::vector<routing::RouteFileEntry> entries_before;
  std::vector<routing::TableSource> tables_before;

  void run() {
    if (!request.whole) {
      add_others(request.routes.entries, entries_before);
      add_others(request.routes.tables, tables_before);
    }
    const auto now = routing::route_specs(request.routes.entries, defaults.time_to_live_s);
    const auto before = routing::route_specs(entries_before, defaults.time_to_live_s);
    std::vector<core::MessagePtr> messages;
    for (const TrialMessage& one : gathered->messages) messages.push_back(one.message);
    report.basis = gathered->basis;
    report.left_out = gathered->left_out;
    report.messages = messages.size();
    if (!messages.empty()) report.from_ms = messages.front()->arrived_ms;
    report.routes = routing::compare_matches(messages, {before, tables_before}, {now, request.routes.tables});
  }
};

struct RecordedRuns::Test {
  RouteTrial request;
  std::shared_ptr<Gathered> gathered;
  Defaults defaults;
  std::vector<routing::TableSource> tables;  // in force
  std::string json;

  void run() {
    read_named_in(defaults.routes_dir, request.routes);
    add_others(request.routes.tables, tables);
    const TrialInput input{.routes = request.routes,
                           .default_ttl_s = defaults.time_to_live_s,
                           .messages = request.given ? *request.given : gathered->messages,
                           .basis = gathered->basis,
                           .left_out = gathered->left_out,
                           .count = request.count,
                           .payload = request.payload};
    const core::SystemClock clock;
    const int64_t end_ms = clock.now().mono_ms + kTrialMs;
    json = tried_json(input, [&clock, end_ms] { return clock.now().mono_ms >= end_ms; });
  }
};

core::Status RecordedRuns::begin(bool needed) {
  if (needed && !parts_.engine.recorder().on())
    return core::fail(core::Errc::unavailable, "nothing is recorded: observe.history_bytes is 0");
  if (std::exchange(runs_, true))
    return core::fail(core::Errc::unavailable, "routes are being run over the messages already; try again");
  return {};
}

std::shared_ptr<RecordedRuns::Gathered> RecordedRuns::gathered(int64_t since_ms, std::string user) const {
  auto made = std::make_shared<Gathered>();
  made->since_ms = since_ms;
  made->user = std::move(user);
  made->basis = parts_.engine.recorder().coverage();
  for (const Recorded& one : parts_.engine.recorder().newest(1)) made->last = one.number;
  return made;
}

void RecordedRuns::run(RecordedRun request, Defaults defaults, HubView::OnReplayed done) {
  const Engine& engine = parts_.engine;
  if (!request.routes.errors.empty()) return done(mistakes_in(request.routes));
  if (const core::Status begun = begin(true); !begun) return done(core::fail(begun.error()));
  auto run = std::make_shared<Run>();
  run->gathered = gathered(request.since_ms, request.user);
  run->request = std::move(request);
  run->defaults = std::move(defaults);
  run->entries_before = engine.routes().entries_in_force();
  run->tables_before = engine.routes().declared_tables();
  gather(run->gathered, [this, run, done = std::move(done)] { compare(run, done); });
}

void RecordedRuns::test(RouteTrial request, Defaults defaults, HubView::OnTried done) {
  if (!request.routes.errors.empty()) return done(mistakes_in(request.routes));
  const auto& in_force = parts_.engine.routes().declared_tables();
  if (const std::string wrong = use_tables_in_force(request.routes, in_force); !wrong.empty())
    return done(core::fail(core::Errc::invalid, wrong));
  if (const core::Status begun = begin(!request.given); !begun) return done(core::fail(begun.error()));
  auto test = std::make_shared<Test>();
  test->gathered = gathered(request.since_ms, request.user);
  test->request = std::move(request);
  test->defaults = std::move(defaults);
  test->tables = in_force;
  if (!test->request.reads_tables) leave_out_files(test->tables);
  if (test->request.given) return try_out(test, std::move(done));
  gather(test->gathered, [this, test, done = std::move(done)] { try_out(test, done); });
}

void RecordedRuns::gather(const std::shared_ptr<Gathered>& into, std::function<void()> then) {
  const std::vector<Recorded> page = parts_.engine.recorder().behind(into->after, kMessagesATurn);
  const std::string& user = into->user;
  for (const Recorded& one : page)
    into->take(one, [&](std::string_view topic) { return user.empty() || parts_.may_receive(user, topic); });
  if (page.empty() || into->after >= into->last) return then();
  parts_.executor.post([this, into, then = std::move(then)] { gather(into, then); });
}

void RecordedRuns::compare(const std::shared_ptr<Run>& run, HubView::OnReplayed done) {
  parts_.on_compiler(
      [run] {
        read_named_in(run->defaults.routes_dir, run->request.routes);
        run->run();
      },
      [this, run, done = std::move(done)] {
        runs_ = false;
        done(run->report);
      });
}

void RecordedRuns::try_out(const std::shared_ptr<Test>& test, HubView::OnTried done) {
  parts_.on_compiler([test] { test->run(); },
                     [this, test, done = std::move(done)] {
                       runs_ = false;
                       done(std::move(test->json));
                     });
}

}  // namespace headgate::hub
