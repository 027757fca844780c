// Looks at route files, and reports of reloads.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/admin/hub_view.h"
#include "hub/config/config.h"
#include "hub/config/route_files.h"
#include "hub/engine/engine.h"

namespace headgate::hub {

// Reading and compiling many routes takes long, so another thread does it: `work` there, and `then` on the loop. In the
// order of the calls.
using Elsewhere = std::function<void(std::function<void()> work, std::function<void()> then)>;

// Beginning of what a report says when no routes could be put in force.
inline constexpr std::string_view kRoutesStay = "the routes in force stay: ";

// A look at the files: a copy of all that reading and compiling needs, and what came of it.
struct RouteLook {
  Config config;
  std::string config_path;
  RouteFolder folder;
  std::set<std::string> known;
  core::Now now;
  std::shared_ptr<const CompiledRoutes> before;
  std::optional<FileToCome> coming = {};
  std::shared_ptr<const routing::RouteFile> weakest = {};
  Engine::ReadyRoutes ready = {};

  // Reads and compiles. On any thread.
  void run();
};

// A reload is begin(), what its caller notes in that report, look_at_routes() and log(), in a turn of its own. Each later
// look at the files changes what report() says of routes. On the loop thread.
class Reloads {
 public:
  // Everything is borrowed and must outlive this, and whatever `elsewhere` still has to do.
  Reloads(Engine& engine, const core::Clock& clock, core::Log& log, Elsewhere elsewhere)
      : engine_(engine), clock_(clock), log_(log), elsewhere_(std::move(elsewhere)) {}

  // Runs `turn` once all turns before it are over, which is when each calls the function that it is given. At once, if
  // there are none. What is decided meanwhile is decided by the routes that are in force.
  using Over = std::function<void()>;
  using Turn = std::function<void(Over over)>;
  void in_turn(Turn turn);

  // From now on nothing is put in force any more, and no turn begins.
  void stop();

  // Routes that give way to those of the files, from the next look on; null: there are none.
  void use_weakest(std::shared_ptr<const routing::RouteFile> routes) { weakest_ = std::move(routes); }
  // `used` is called after each look that was to be put in force.
  void on_used(std::function<void()> used) { on_used_ = std::move(used); }

  // Begins a report, for what is no matter of routes. Keys that need a restart still do, until a configuration
  // that was read says which. In a turn.
  [[nodiscard]] ReloadReport& begin();
  // Reads the files of routes and uses them; `done` is called then. A second look follows `first` if there was a mistake,
  // which may have been a file on its way, or a file that is not there. An error is in the report. In a turn.
  void look_at_routes(const Config& config, const std::string& config_path, bool first, Over done);
  // Does so at once, while the hub serves nobody yet. Error: io.
  core::Status look_at_start(const Config& config, const std::string& config_path);
  // Tells what becomes of each route once that file is there, and changes nothing. In a turn.
  using OnPreview = std::function<void(ApplyReport report)>;
  void preview(const Config& config, const std::string& config_path, FileToCome file, OnPreview done);
  // A look at what these would be, for its caller to run elsewhere, and to put in force in the same turn.
  [[nodiscard]] std::shared_ptr<RouteLook> look(const Config& config, const std::string& config_path) const;
  // Error: io, and nothing has changed.
  core::Status put_in_force(const std::shared_ptr<RouteLook>& look);
  [[nodiscard]] bool stopped() const { return stopped_; }
  // Call about once a second. `config` stays the caller's, and where it is: it is read when the turn comes.
  void look_again_when_due(const Config& config, const std::string& config_path);
  void log() const;

  [[nodiscard]] const ReloadReport& report() const { return report_; }

 private:
  core::Status use(RouteLook& look, bool first);
  void free_elsewhere(RouteLook& look);
  void report_routes(const core::Status& used);
  void next_turn();

  Engine& engine_;
  const core::Clock& clock_;
  core::Log& log_;
  Elsewhere elsewhere_;
  std::deque<Turn> turns_;  // that wait
  bool busy_ = false;       // one is not over
  bool stopped_ = false;
  RouteFolder folder_;
  std::shared_ptr<const routing::RouteFile> weakest_;
  std::function<void()> on_used_ = [] {};
  std::optional<int64_t> second_look_mono_ms_;
  ReloadReport settings_;  // of the last reload, without what is wrong with routes now
  ReloadReport report_;
};

}  // namespace headgate::hub
