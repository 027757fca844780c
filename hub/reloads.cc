#include "hub/reloads.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/engine/routes/outcomes.h"

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

}  // namespace

ReloadReport& Reloads::begin() {
  settings_ = {clock_.now().wall_ms, 0, {}, {}, {}, std::move(settings_.needs_restart)};
  return settings_;
}

// ---- turns ----

void Reloads::in_turn(Turn turn) {
  turns_.push_back(std::move(turn));
  if (!busy_) next_turn();
}

void Reloads::stop() {
  stopped_ = true;
  turns_.clear();
}

void Reloads::next_turn() {
  if (stopped_) return;
  busy_ = !turns_.empty();
  if (!busy_) return;
  const Turn turn = std::move(turns_.front());
  turns_.pop_front();
  turn([this] { next_turn(); });
}

// ---- a look at the files ----

void RouteLook::run() {
  auto wanted = collect_routes(config, config_path, folder, std::move(known), now,
                               coming ? &*coming : nullptr, weakest.get());
  ready = Engine::compile(std::move(wanted), *before, config.time_to_live_s);
}

std::shared_ptr<RouteLook> Reloads::look(const Config& config, const std::string& config_path) const {
  auto one = std::make_shared<RouteLook>(RouteLook{config, config_path, folder_, engine_.routes().files(),
                                                   clock_.now(), engine_.routes().compiled()});
  one->weakest = weakest_;
  return one;
}

void Reloads::look_at_routes(const Config& config, const std::string& config_path, bool first, Over done) {
  const auto one = look(config, config_path);
  elsewhere_([one] { one->run(); },
             [this, one, first, done = std::move(done)] {
               if (stopped_) return;
               (void)use(*one, first);  // an error is in the report
               free_elsewhere(*one);
               done();
             });
}

// Frees the routes of before, which may be many, where nobody waits for it.
void Reloads::free_elsewhere(RouteLook& look) {
  elsewhere_([before = std::move(look.before)]() mutable { before.reset(); }, [] {});
}

core::Status Reloads::put_in_force(const std::shared_ptr<RouteLook>& look) {
  auto used = use(*look, true);
  if (used) free_elsewhere(*look);
  return used;
}

core::Status Reloads::look_at_start(const Config& config, const std::string& config_path) {
  const auto one = look(config, config_path);
  one->run();
  return use(*one, true);
}

core::Status Reloads::use(RouteLook& look, bool first) {
  folder_ = std::move(look.folder);
  const core::Status used = engine_.put_in_force(std::move(look.ready));
  if (settings_.at_ms != 0 && used) add_changes(engine_.routes().changes(), settings_.took);
  report_routes(used);
  second_look_mono_ms_ = folder_.second_look_mono_ms();
  const bool trouble = engine_.routes().kept() + engine_.routes().failed() > 0;
  if (first && trouble && !second_look_mono_ms_) second_look_mono_ms_ = look.now.mono_ms + kSecondLookMs;
  on_used_();
  return used;
}

// Shadows put nothing in force.
void Reloads::preview(const Config& config, const std::string& config_path, FileToCome file, OnPreview done) {
  const auto one = look(config, config_path);
  one->coming = std::move(file);
  const auto report = std::make_shared<ApplyReport>();
  elsewhere_(
      [one, report] {
        one->run();
        report->file = one->coming->path;
        report->routes = outcomes(*one->before, *one->ready.at_work);
      },
      [report, done = std::move(done)] { done(std::move(*report)); });
}

void Reloads::report_routes(const core::Status& used) {
  report_ = settings_;
  if (!used) report_.kept.push_back(std::string(kRoutesStay) + used.error().what);
  report_.active = engine_.routes().active();
  for (const RouteInfo& route : engine_.describe_mistakes()) {
    if (route.kept) {
      report_.kept.push_back("route '" + route.name + "' stays as it was: " + route.error);
    } else if (!route.active) {
      report_.left_out.push_back(route.error);
    }
  }
}

void Reloads::look_again_when_due(const Config& config, const std::string& config_path) {
  if (!second_look_mono_ms_ || clock_.now().mono_ms < *second_look_mono_ms_) return;
  second_look_mono_ms_.reset();
  in_turn(
      [this, &config, config_path](const Over& over) { look_at_routes(config, config_path, false, over); });
}

void Reloads::log() const {
  const bool worse = !report_.kept.empty() || !report_.left_out.empty();
  log_.write(worse ? core::LogLevel::warn : core::LogLevel::info, "reloaded",
             {{"took", in_one_line(report_.took)},
              {"kept", in_one_line(report_.kept)},
              {"left_out", in_one_line(report_.left_out)},
              {"needs_restart", in_one_line(report_.needs_restart)}});
}

}  // namespace headgate::hub
