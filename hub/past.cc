// Questions about what has happened: routes are judged by the messages that were recorded.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hub/engine/routes/verdicts.h"
#include "hub/hub.h"
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

struct Hub::Replaying {
  RecordedRun request;
  RecordedMatches report;
  std::vector<core::MessagePtr> messages;
  uint64_t after = 0;
  uint64_t last = 0;  // the newest message when it began
  std::string routes_dir;
  std::vector<routing::RouteFileEntry> entries_before;
  std::vector<routing::TableSource> tables_before;
  uint32_t default_ttl_s = 0;

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
    const auto now = routing::route_specs(request.routes.entries, default_ttl_s);
    const auto before = routing::route_specs(entries_before, default_ttl_s);
    report.messages = messages.size();
    report.routes = routing::compare_matches(messages, {before, tables_before}, {now, request.routes.tables});
  }
};

std::vector<RouteVerdict> Hub::judge(const core::Message& message, bool has_whole_body) const {
  return judge_message(*engine_.routes().compiled(), engine_.computer().tables(), message, has_whole_body);
}

void Hub::replay(RecordedRun request, OnReplayed done) {
  if (!request.routes.errors.empty()) return done(mistakes_in(request.routes));
  if (!engine_.recorder().on())
    return done(core::fail(core::Errc::unavailable, "nothing is recorded: observe.history_bytes is 0"));
  if (replays_)
    return done(
        core::fail(core::Errc::unavailable, "routes are being run over the messages already; try again"));
  replays_ = true;
  auto work = std::make_shared<Replaying>();
  work->request = std::move(request);
  work->report.basis = engine_.recorder().coverage();
  for (const Recorded& one : engine_.recorder().newest(1)) work->last = one.number;
  work->routes_dir = config_.routes_dir;
  work->entries_before = engine_.routes().entries_in_force();
  work->tables_before = engine_.routes().declared_tables();
  work->default_ttl_s = config_.time_to_live_s;
  gather(work, std::move(done));
}

void Hub::gather(const std::shared_ptr<Replaying>& work, OnReplayed done) {
  const std::vector<Recorded> page = engine_.recorder().behind(work->after, kMessagesATurn);
  const std::string& user = work->request.user;
  for (const Recorded& one : page)
    work->take(one, [&](std::string_view topic) { return user.empty() || may_receive(user, topic); });
  if (page.empty() || work->after >= work->last) return run_replay(work, std::move(done));
  executor_->post([this, work, done = std::move(done)] { gather(work, done); });
}

void Hub::run_replay(const std::shared_ptr<Replaying>& work, OnReplayed done) {
  on_compiler()(
      [work] {
        read_named_in(work->routes_dir, work->request.routes);
        work->run();
      },
      [this, work, done = std::move(done)] {
        replays_ = false;
        done(work->report);
      });
}

}  // namespace headgate::hub
