// Reloading, as SIGHUP and `headgate reload` ask for it. Worse never replaces better: of what is broken the version in force stays,
// and each reload ends in one report.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/config/route_files.h"
#include "hub/hub.h"

namespace headgate::hub {
namespace {

constexpr size_t kNamesMax = 10;
constexpr size_t kLineBytesMax = 300;

// "added a, b" with the first names of a set; empty if there are none.
std::string names_of(std::string_view what, const std::set<std::string>& names) {
  if (names.empty()) return "";
  std::string text(what);
  size_t count = 0;
  for (const std::string& name : names) {
    if (++count > kNamesMax) return text + " and " + std::to_string(names.size() - kNamesMax) + " more";
    text.append(count == 1 ? " " : ", ").append(name);
  }
  return text;
}

void add_changes(const RouteChanges& changes, std::vector<std::string>& took) {
  for (const auto& [what, names] : {std::pair("routes added:", &changes.added),
                                    {"routes changed:", &changes.changed},
                                    {"routes removed:", &changes.removed}}) {
    if (std::string text = names_of(what, *names); !text.empty()) took.push_back(std::move(text));
  }
}

// The first lines of all texts, for one line of the log.
std::string in_one_line(const std::vector<std::string>& texts) {
  std::string line;
  for (const std::string& text : texts) {
    if (line.size() > kLineBytesMax) return line + "; …";
    line.append(line.empty() ? "" : "; ").append(text.substr(0, std::min(text.find('\n'), kLineBytesMax)));
  }
  return line.empty() ? "nothing" : line;
}

bool is_of_access(std::string_view key) { return key.starts_with("auth.") || key.starts_with("access."); }

}  // namespace

ReloadReport Hub::reload() {
  // If the config cannot be read, what was changed before still needs its restart.
  settings_report_ = {clock_.now().wall_ms, 0, {}, {}, {}, std::move(settings_report_.needs_restart)};
  reload_certificates(settings_report_);
  Config fresh = config_;
  if (!config_path_.empty()) {
    auto loaded = load_config_again(config_path_);
    if (loaded) {
      fresh = std::move(*loaded);
      if (fresh.hub_id.empty()) fresh.hub_id = config_.hub_id;  // the store's
      settings_report_.needs_restart.clear();
    } else {
      log_.error("reload_failed", {{"error", loaded.error().what}});
      settings_report_.kept.push_back("the configuration stays as it was: " + loaded.error().what);
    }
  }
  reload_access(fresh, settings_report_);
  take_over(std::move(fresh), settings_report_);
  (void)look_at_routes(true);  // an error is in the report
  log_reload();
  return reload_report_;
}

void Hub::reload_certificates(ReloadReport& report) {
  for (const auto& listener : listeners_) {
    if (!listener->certificate_expires_wall_ms()) continue;
    const auto reloaded = listener->reload_certificates(clock_.now().wall_ms);
    if (!reloaded) {
      log_.error("certificate_kept", {{"listener", listener->name()}, {"error", reloaded.error().what}});
      report.kept.push_back("the certificate in force stays: " + reloaded.error().what);
      continue;
    }
    if (!*reloaded) continue;
    log_.info("certificate_loaded", {{"listener", listener->name()}});
    report.took.push_back("certificates of " + listener->name());
    report_certificate(*listener);
  }
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
  config_.routes = std::move(fresh.routes);
  config_.routes_dir = std::move(fresh.routes_dir);
  config_.time_to_live_s = fresh.time_to_live_s;
  config_.queues = fresh.queues;
  engine_.use_limits(config_.queues);
}

// Reads the files of routes. A second look follows if there was a mistake, which may have been a file on its way,
// or a file that is not there.
core::Status Hub::look_at_routes(bool first) {
  const core::Now now = clock_.now();
  const auto wanted = collect_routes(config_, config_path_, route_folder_, engine_.routes().files(), now);
  const auto used = engine_.use_routes(wanted, config_.time_to_live_s);
  if (settings_report_.at_ms != 0 && used) add_changes(engine_.routes().changes(), settings_report_.took);
  reload_report_ = settings_report_;
  if (!used) reload_report_.kept.push_back("the routes in force stay: " + used.error().what);
  reload_report_.active = engine_.routes().active();
  for (const RouteInfo& route : engine_.routes().describe()) {
    if (route.kept) {
      reload_report_.kept.push_back("route '" + route.name + "' stays as it was: " + route.error);
    } else if (!route.active) {
      reload_report_.left_out.push_back(route.error);
    }
  }
  second_look_mono_ms_ = route_folder_.second_look_mono_ms();
  const bool trouble = engine_.routes().kept() + engine_.routes().failed() > 0;
  if (first && trouble && !second_look_mono_ms_) second_look_mono_ms_ = now.mono_ms + kSecondLookMs;
  return used;
}

void Hub::look_again_when_due() {
  if (!second_look_mono_ms_ || clock_.now().mono_ms < *second_look_mono_ms_) return;
  second_look_mono_ms_.reset();
  (void)look_at_routes(false);  // an error is in the report
}

void Hub::log_reload() {
  const bool worse = !reload_report_.kept.empty() || !reload_report_.left_out.empty();
  log_.write(worse ? core::LogLevel::warn : core::LogLevel::info, "reloaded",
             {{"took", in_one_line(reload_report_.took)},
              {"kept", in_one_line(reload_report_.kept)},
              {"left_out", in_one_line(reload_report_.left_out)},
              {"needs_restart", in_one_line(reload_report_.needs_restart)}});
}

}  // namespace headgate::hub
