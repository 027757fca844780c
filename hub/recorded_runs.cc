#include "hub/recorded_runs.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "routing/files/route_check.h"
#include "routing/files/schema_files.h"

namespace headgate::hub {
namespace {

// Copied in one turn of the loop.
constexpr size_t kMessagesATurn = 100;

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

}  // namespace

struct RecordedRuns::Run {
  RecordedRun request;
  RecordedMatches report;
  std::vector<core::MessagePtr> messages;
  uint64_t after = 0;
  uint64_t last = 0;  // the newest message when it began
  Defaults defaults;
  std::vector<routing::RouteFileEntry> entries_before;
  std::vector<routing::TableSource> tables_before;

  // Takes what the routes are to be run over. Routes make again what they have made.
  void take(const Recorded& one, const std::function<bool(std::string_view topic)>& is_seen) {
    after = one.number;
    if (one.number > last) return;
    const core::Message& message = *one.message;
    if (one.made || one.returned || message.arrived_ms < request.since_ms || !is_seen(message.topic)) return;
    if (!one.has_whole_body() || one.cut) {
      ++report.left_out;
      return;
    }
    if (messages.empty()) report.from_ms = message.arrived_ms;
    messages.push_back(one.message);
  }

  void run() {
    if (!request.whole) {
      add_others(request.routes.entries, entries_before);
      add_others(request.routes.tables, tables_before);
    }
    const auto now = routing::route_specs(request.routes.entries, defaults.time_to_live_s);
    const auto before = routing::route_specs(entries_before, defaults.time_to_live_s);
    report.messages = messages.size();
    report.routes = routing::compare_matches(messages, {before, tables_before}, {now, request.routes.tables});
  }
};

void RecordedRuns::run(RecordedRun request, Defaults defaults, HubView::OnReplayed done) {
  const Engine& engine = parts_.engine;
  if (!request.routes.errors.empty()) return done(mistakes_in(request.routes));
  if (!engine.recorder().on())
    return done(core::fail(core::Errc::unavailable, "nothing is recorded: observe.history_bytes is 0"));
  if (std::exchange(runs_, true))
    return done(
        core::fail(core::Errc::unavailable, "routes are being run over the messages already; try again"));
  auto run = std::make_shared<Run>();
  run->request = std::move(request);
  run->report.basis = engine.recorder().coverage();
  for (const Recorded& one : engine.recorder().newest(1)) run->last = one.number;
  run->defaults = std::move(defaults);
  run->entries_before = engine.routes().entries_in_force();
  run->tables_before = engine.routes().declared_tables();
  gather(run, std::move(done));
}

void RecordedRuns::gather(const std::shared_ptr<Run>& run, HubView::OnReplayed done) {
  const std::vector<Recorded> page = parts_.engine.recorder().behind(run->after, kMessagesATurn);
  const std::string& user = run->request.user;
  for (const Recorded& one : page)
    run->take(one, [&](std::string_view topic) { return user.empty() || parts_.may_receive(user, topic); });
  if (page.empty() || run->after >= run->last) return compare(run, std::move(done));
  parts_.executor.post([this, run, done = std::move(done)] { gather(run, done); });
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

}  // namespace headgate::hub
