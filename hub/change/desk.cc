#include "hub/change/desk.h"

#include <algorithm>
#include <map>
#include <utility>

#include "hub/change/differences.h"
#include "hub/engine/routes/outcomes.h"

namespace headgate::hub {
namespace {

constexpr size_t kClientsComparedMax = 2'000;
constexpr int64_t kReplayedMs = 3'600'000;

// Hears nothing: what is only tried is no event.
class DeafLog : public core::Log {
 public:
  void write(core::LogLevel /*level*/, std::string_view /*event*/,
             std::initializer_list<core::LogField> /*fields*/) override {}
};

std::string list_of_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

bool has_mistake(const RouteOutcome& one) { return one.what == "kept" || one.what == "left out"; }

// Broken routes of the files of the new version are its mistakes; those of other files are there already.
void add_routes(std::vector<RouteOutcome> routes, const Config& fresh, ConfigPlan& plan) {
  for (RouteOutcome& one : routes) {
    if (has_mistake(one) && std::ranges::find(fresh.files, one.file) != fresh.files.end())
      plan.problems.push_back(one.why);
    if (one.what != "unchanged") plan.routes.push_back(std::move(one));
  }
}

bool concerns_traffic(const KeyChange& change) {
  return change.key.starts_with("upstream") || change.key.starts_with("links") ||
         change.key.starts_with("listeners") || change.key.starts_with("access") ||
         change.key.starts_with("auth") || change.key.starts_with("limits") ||
         change.key.starts_with("store");
}

}  // namespace

struct ConfigDesk::Change {
  ConfigApplyRequest request;
  OnDone done;
  Reloads::Over over;
  ConfigPlan plan = {};
  ConfigApplied applied = {};
  std::vector<std::string> kept_before = {};  // ReloadReport::kept
  std::string user = {};                      // see ConfigPlanRequest
  routing::RouteFile routes = {};             // of the new version
};

ConfigDesk::ConfigDesk(Parts parts, FileSteps& steps)
    : parts_(std::move(parts)), versions_(parts_.config_path, steps) {}

void ConfigDesk::on_disk(std::function<core::Status()> work, std::function<void(core::Status)> then) {
  const auto status = std::make_shared<core::Status>();
  parts_.on_disk([status, work = std::move(work)] { *status = work(); },
                 [status, then = std::move(then)] { then(*status); });
}

core::Status ConfigDesk::check_file() const {
  if (!parts_.config_path.empty()) return {};
  return core::fail(core::Errc::invalid,
                    "the hub runs without a file of configuration: start it with --config FILE");
}

// ---- plan ----

void ConfigDesk::plan(ConfigPlanRequest request, OnDone done) {
  if (const auto there = check_file(); !there) return done(core::fail(there.error()));
  const auto change =
      std::make_shared<Change>(Change{{.text = std::move(request.text)}, std::move(done), {}});
  parts_.reloads.in_turn([this, change, user = std::move(request.user)](const Reloads::Over& over) {
    change->over = over;
    change->user = user;
    look(change, [this, change] { replay(change); });
  });
}

// Says what the routes of both versions take of the messages that are recorded.
void ConfigDesk::replay(const ChangePtr& change) {
  ConfigPlan& plan = change->plan;
  plan.not_replayed = !plan.problems.empty() ? "the configuration is wrong" : "no route changes";
  if (!plan.problems.empty() || plan.routes.empty()) return finish(change, to_json(plan));
  RecordedRun run{.routes = std::move(change->routes),
                  .whole = true,
                  .since_ms = parts_.clock.now().wall_ms - kReplayedMs,
                  .user = change->user};
  parts_.replay(std::move(run), [this, change](const core::Result<RecordedMatches>& report) {
    if (report) change->plan.replayed = *report;
    if (!report) change->plan.not_replayed = report.error().what;
    finish(change, to_json(change->plan));
  });
}

// Makes the plan, in a turn.
void ConfigDesk::look(const ChangePtr& change, std::function<void()> then) {
  ConfigPlan& plan = change->plan;
  plan.file = parts_.config_path;
  const auto fresh = parts_.coming(change->request.text);
  if (!fresh) plan.problems = lines_of(fresh.error().what);
  if (fresh) compare(change, *fresh);
  const auto look = parts_.reloads.look(fresh ? *fresh : parts_.running(), parts_.config_path);
  const auto inputs =
      std::make_shared<std::pair<Config, std::string>>(parts_.running(), parts_.routes_in_force());
  const bool readable = fresh.has_value();
  parts_.elsewhere(
      [this, look, inputs, change, readable] {
        change->plan.fingerprint =
            fingerprint_of(std::move(inputs->first), inputs->second, parts_.config_path);
        if (!readable) return;
        look->run();
        add_routes(outcomes(*look->before, *look->ready.at_work), look->config, change->plan);
      },
      [this, look, change, readable, then = std::move(then)] {
        ConfigPlan& made = change->plan;
        if (readable)
          made.queues = queue_changes(*look->before, *look->ready.at_work,
                                      [this](const std::string& queue) -> std::optional<Waiting> {
                                        const auto id = parts_.store.find_queue(queue);
                                        if (!id) return std::nullopt;
                                        const store::QueueStats& stats = parts_.store.stats(*id);
                                        return Waiting{stats.waiting(), stats.waiting_bytes()};
                                      });
        if (readable) change->routes = look->ready.at_work->wanted.routes;
        made.same_traffic = made.routes.empty() && std::ranges::none_of(made.keys, concerns_traffic);
        then();
      });
}

void ConfigDesk::compare(const ChangePtr& change, const Config& fresh) {
  change->plan.keys = key_changes(parts_.running(), fresh);
  change->plan.bytes_a_day = parts_.bytes_a_day();
  compare_clients(fresh, change->plan);
}

// Asks the new rules and users as the hub would, for everybody who is connected or has a session.
void ConfigDesk::compare_clients(const Config& fresh, ConfigPlan& plan) {
  DeafLog deaf;
  Access before(parts_.hasher, {}, parts_.clock, deaf);
  Access after(parts_.hasher, {}, parts_.clock, deaf);
  if (const auto used = before.use(access_settings(parts_.running())); !used) return;  // told by a reload
  if (const auto used = after.use(access_settings(fresh)); !used) {
    plan.problems.push_back(used.error().what);
    return;
  }
  const RightsComparison comparison(parts_.running().access.rules, fresh.access.rules);
  size_t compared = 0;
  parts_.engine.broker().for_each([&](broker::Session& session) {
    if (++compared > kClientsComparedMax) {
      ++plan.clients_not_compared;
      return;
    }
    const broker::Identity& identity = session.identity();
    const std::string client_id(session.client_id());
    const broker::Grant was = before.renew(identity, client_id);
    const broker::Grant is = after.renew(identity, client_id);
    if (!was.identity) return;  // it goes anyway
    if (!is.identity) {
      plan.clients.push_back({client_id, identity.username, false, {}});
      return;
    }
    std::vector<std::string> filters;
    for (const auto& [filter, options] : session.subscriptions()) filters.push_back(filter);
    auto lost = comparison.lost({identity, client_id, std::move(filters)}, *was.rights, *is.rights);
    if (!lost.empty()) plan.clients.push_back({client_id, identity.username, true, std::move(lost)});
  });
}

// ---- apply ----

void ConfigDesk::apply(ConfigApplyRequest request, OnDone done) {
  if (const auto there = check_file(); !there) return done(core::fail(there.error()));
  const auto change = std::make_shared<Change>(Change{std::move(request), std::move(done), {}});
  parts_.reloads.in_turn([this, change](const Reloads::Over& over) {
    change->over = over;
    look(change, [this, change] { judge(change); });
  });
}

void ConfigDesk::judge(const ChangePtr& change) {
  const ConfigApplyRequest& request = change->request;
  const std::vector<std::string> restarts = keys_by_restart(change->plan);
  std::string& refused = change->applied.refused;
  if (!change->plan.problems.empty()) {
    refused = "the configuration is wrong";
  } else if (confirm_by_mono_ms_ || awaits_restart_) {
    refused = confirm_by_mono_ms_ ? "another change is in force and waits for headgate apply --confirm"
                                  : "another change waits for the hub to be started again";
  } else if (!request.fingerprint.empty() && request.fingerprint != change->plan.fingerprint) {
    refused = "the hub, its files or its routes have changed since the plan was made; make it again";
  } else if (!restarts.empty() && !request.restart) {
    refused = "these keys take a restart, which --restart allows: " + list_of_names(restarts);
  }
  change->applied.restart = !restarts.empty();
  change->applied.confirm_within_s = request.confirm_within_s;
  if (refused.empty()) return write(change);
  change->applied.confirm_within_s = 0;
  finish(change, to_json(change->applied, change->plan));
}

void ConfigDesk::write(const ChangePtr& change) {
  change->kept_before = parts_.reloads.report().kept;
  const TrialNote note{change->applied.restart, change->request.confirm_within_s};
  on_disk([this, change, note] { return versions_.begin(change->request.text, note); },
          [this, change](const core::Status& written) {
            if (!written) return finish(change, core::fail(written.error()));
            parts_.reload([this, change] { settle(change); });
          });
}

// Decides whether what is in force now stays.
void ConfigDesk::settle(const ChangePtr& change) {
  const ReloadReport& report = parts_.reloads.report();
  std::string why = parts_.trouble();
  for (const std::string& kept : report.kept)
    if (why.empty() && std::ranges::find(change->kept_before, kept) == change->kept_before.end()) why = kept;
  if (!why.empty()) {
    change->applied.rolled_back = std::move(why);
    return take_back(change);
  }
  change->applied.applied = true;
  if (change->applied.restart) {
    awaits_restart_ = true;  // the next start goes on from here
    change->applied.starts_again = start_due_ = parts_.can_start_again();
    return stand(change);
  }
  if (change->applied.confirm_within_s != 0) {
    confirm_by_mono_ms_ = parts_.clock.now().mono_ms + int64_t{change->applied.confirm_within_s} * 1000;
    return stand(change);
  }
  on_disk([this] { return versions_.confirm(); },
          [this, change](const core::Status& confirmed) {
            if (confirmed) return stand(change);
            change->applied.applied = false;
            change->applied.rolled_back = confirmed.error().what;
            take_back(change);
          });
}

void ConfigDesk::stand(const ChangePtr& change) {
  parts_.log.info("config_applied", {{"file", parts_.config_path},
                                     {"confirm_within_s", change->applied.confirm_within_s},
                                     {"restart", change->applied.starts_again ? "now"
                                                 : change->applied.restart    ? "needed"
                                                                              : "no"}});
  finish(change, to_json(change->applied, change->plan));
}

void ConfigDesk::take_back(const ChangePtr& change) {
  change->applied.confirm_within_s = 0;
  change->applied.restart = false;
  parts_.log.error("config_rolled_back",
                   {{"file", parts_.config_path}, {"why", change->applied.rolled_back}});
  on_disk([this] { return versions_.roll_back(); },
          [this, change](const core::Status& back) {
            if (!back) return finish(change, core::fail(back.error()));
            parts_.reload([this, change] { finish(change, to_json(change->applied, change->plan)); });
          });
}

void ConfigDesk::finish(const ChangePtr& change, const core::Result<std::string>& answer) {
  change->done(answer);
  change->over();
}

// ---- the operator's word ----

void ConfigDesk::confirm(OnDone done) {
  if (!confirm_by_mono_ms_ || ending_)
    return done(core::fail(core::Errc::invalid, "no change waits to be confirmed"));
  ending_ = true;
  on_disk([this] { return versions_.confirm(); },
          [this, done = std::move(done)](const core::Status& confirmed) {
            ending_ = false;
            if (!confirmed) return done(core::fail(confirmed.error()));
            confirm_by_mono_ms_.reset();
            parts_.log.info("config_confirmed", {{"file", parts_.config_path}});
            done(to_json(ConfigApplied{.applied = true}, ConfigPlan{parts_.config_path, "", {}}));
          });
}

void ConfigDesk::tick() {
  if (std::exchange(start_due_, false)) parts_.start_again();
  if (!confirm_by_mono_ms_ || ending_ || parts_.clock.now().mono_ms < *confirm_by_mono_ms_) return;
  ending_ = true;
  parts_.reloads.in_turn([this](const Reloads::Over& over) { roll_back_unconfirmed(over); });
}

void ConfigDesk::roll_back_unconfirmed(const Reloads::Over& over) {
  on_disk([this] { return versions_.roll_back(); },
          [this, over](const core::Status& back) {
            ending_ = false;
            if (!back) {
              parts_.log.error("config_rollback_failed", {{"error", back.error().what}});
              confirm_by_mono_ms_ = parts_.clock.now().mono_ms + 10'000;
              return over();
            }
            confirm_by_mono_ms_.reset();
            parts_.log.warn("config_rolled_back",
                            {{"file", parts_.config_path}, {"why", "nobody confirmed it in time"}});
            parts_.reload([this, over] { after_roll_back(over); });
          });
}

// Keys that were put in force by a start go back by one.
void ConfigDesk::after_roll_back(const Reloads::Over& over) {
  start_due_ = !parts_.reloads.report().needs_restart.empty() && parts_.can_start_again();
  over();
}

// A trial that is on is that of this start.
void ConfigDesk::started() {
  if (parts_.config_path.empty()) return;
  const auto note = versions_.note();
  if (!note || !*note) return;
  if ((*note)->confirm_within_s != 0) {
    confirm_by_mono_ms_ = parts_.clock.now().mono_ms + int64_t{(*note)->confirm_within_s} * 1000;
    return;
  }
  on_disk([this] { return versions_.confirm(); },
          [this](const core::Status& confirmed) {
            if (confirmed) return parts_.log.info("config_confirmed", {{"file", parts_.config_path}});
            parts_.log.error("config_confirm_failed", {{"error", confirmed.error().what}});
          });
}

}  // namespace headgate::hub
