// Reloading, as SIGHUP and `headgate reload` ask for it. Worse never replaces better: of what is broken the version in force stays,
// and each reload ends in one report.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hub/hub.h"

namespace headgate::hub {
namespace {

bool is_of_access(std::string_view key) { return key.starts_with("auth.") || key.starts_with("access."); }

}  // namespace

void Hub::reload(OnReloaded done) {
  reloads_.in_turn([this, done = std::move(done)](const Reloads::Over& over) {
    reload_in_turn([this, done, over] {
      done(reloads_.report());
      over();
    });
  });
}

void Hub::reload_in_turn(Reloads::Over done) {
  reload_settings(reloads_.begin());
  reloads_.look_at_routes(config_, config_path_, true, [this, done = std::move(done)] {
    reloads_.log();
    done();
  });
}

void Hub::reload_settings(ReloadReport& settings) {
  reload_certificates(settings);
  reload_http_tokens(settings);
  Config fresh = config_;
  std::optional<Config> local;  // as the file says it, without a document
  if (!config_path_.empty()) {
    auto loaded = load_config_again(config_path_);
    if (loaded && loaded->hub_id.empty()) loaded->hub_id = config_.hub_id;  // the store's
    const auto laid = loaded && desk_ ? desk_->over(*loaded) : loaded;
    if (laid) {
      fresh = *laid;
      local = *std::move(loaded);
      settings.needs_restart.clear();
    } else {
      log_.error("reload_failed", {{"error", laid.error().what}});
      settings.kept.push_back("the configuration stays as it was: " + laid.error().what);
    }
  }
  reload_access(fresh, settings);
  reload_workload(settings);
  if (upstream_) upstream_->retry();
  take_over(std::move(fresh), settings);
  reload_log();
  if (!desk_ || !local) return;
  local->access = config_.access;  // those that were taken
  local->history = config_.history;
  desk_->note_local(*std::move(local));
}

void Hub::reload_certificates(ReloadReport& report) {
  const int64_t wall_ms = clock_.now().wall_ms;
  for (const auto& listener : listeners_) {
    if (!listener->certificate_expires_wall_ms()) continue;
    if (report_reload(listener->name(), listener->reload_certificates(wall_ms), report))
      report_certificate(listener->name(), *listener->certificate_expires_wall_ms());
  }
  if (admin_door_.tls && report_reload("admin.http", admin_door_.tls->reload(wall_ms), report))
    report_certificate("admin.http", admin_door_.tls->expires_wall_ms());
}

// True if there are other certificates in force now.
bool Hub::report_reload(const std::string& listener, const core::Result<bool>& reloaded,
                        ReloadReport& report) {
  if (!reloaded) {
    log_.error("certificate_kept", {{"listener", listener}, {"error", reloaded.error().what}});
    report.kept.push_back("the certificate in force stays: " + reloaded.error().what);
    return false;
  }
  if (!*reloaded) return false;
  log_.info("certificate_loaded", {{"listener", listener}});
  report.took.push_back("certificates of " + listener);
  return true;
}

void Hub::reload_http_tokens(ReloadReport& report) {
  if (admin_door_.server.tcp_port() == 0) return;
  auto tokens = read_token_file(http_token_path(config_));
  if (tokens) return admin_door_.server.use(*std::move(tokens));
  log_.error("http_tokens_kept", {{"error", tokens.error().what}});
  report.kept.push_back("the HTTP tokens in force stay: " + tokens.error().what);
}

// Ends levels that were set while the hub ran, and goes on in a fresh file if somebody has moved the log away. The thread that opens it
// looks at the routes next: what the reload says of itself comes later, and is in that file.
void Hub::reload_log() {
  log_.use(config_.log.levels);
  workers_.compiler.post([&log = log_] {
    if (const auto opened = log.reopen(); !opened)
      log.error("log_file_kept", {{"error", opened.error().what}});
  });
}

// Users and rules change together, or not at all. Listeners stay those that were bound, and so do their files.
void Hub::reload_access(const Config& fresh, ReloadReport& report) {
  Config wanted = config_;
  wanted.access = fresh.access;
  const auto used = use_access(wanted);
  if (!used) {
    log_.error("access_reload_failed", {{"error", used.error().what}, {"effect", "users and rules stay"}});
    report.kept.push_back("the users and rules in force stay: " + used.error().what);
    return;
  }
  if (*used) report.took.emplace_back("users and rules");
  config_.access = fresh.access;
  engine_.renew_grants();
}

void Hub::take_over(Config fresh, ReloadReport& report) {
  for (const std::string& key : changed_keys(config_, fresh)) {
    if (!is_reloadable(key)) {
      report.needs_restart.push_back(key);
    } else if (!is_of_access(key)) {
      report.took.push_back(key);
    }
  }
  fresh.access = config_.access;
  HistorySettings history = std::exchange(fresh.history, config_.history);
  const bool records_otherwise = fresh.observe.history_bytes != config_.observe.history_bytes;
  take_reloadable(config_, std::move(fresh));
  engine_.use_limits(config_.queues);
  engine_.tails().topics().use_limit(config_.observe.topics_bytes);
  if (records_otherwise) engine_.use_recorder(config_.observe.history_bytes);
  if (const auto used = engine_.use_history(history); !used)
    report.kept.push_back("the history stays as it was: " + used.error().what);
  else
    config_.history = std::move(history);
}

}  // namespace headgate::hub
