// Looks at route files, and reports of reloads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/admin/hub_view.h"
#include "hub/config/config.h"
#include "hub/config/route_files.h"
#include "hub/engine/engine.h"

namespace headgate::hub {

// A reload is begin(), what its caller notes in that report, look_at_routes() and log(). Each later look at the
// files changes what report() says of routes. On the loop thread.
class Reloads {
 public:
  // Everything is borrowed and must outlive this.
  Reloads(Engine& engine, const core::Clock& clock, core::Log& log)
      : engine_(engine), clock_(clock), log_(log) {}

  // Begins a report, for what is no matter of routes. Keys that need a restart still do, until a configuration
  // that was read says which.
  [[nodiscard]] ReloadReport& begin();
  // Reads the files of routes and uses them. A second look follows `first` if there was a mistake, which may have
  // been a file on its way, or a file that is not there. An error is in the report too.
  core::Status look_at_routes(const Config& config, const std::string& config_path, bool first);
  // Tells what becomes of each route once that file is there, and changes nothing.
  [[nodiscard]] ApplyReport preview(const Config& config, const std::string& config_path,
                                    const FileToCome& file) const;
  // Call about once a second.
  void look_again_when_due(const Config& config, const std::string& config_path);
  void log() const;

  [[nodiscard]] const ReloadReport& report() const { return report_; }

 private:
  void report_routes(const core::Status& used);

  Engine& engine_;
  const core::Clock& clock_;
  core::Log& log_;
  RouteFolder folder_;
  std::optional<int64_t> second_look_mono_ms_;
  ReloadReport settings_;  // of the last reload, without what is wrong with routes now
  ReloadReport report_;
};

}  // namespace headgate::hub
