// A route file that the operator sends: `headgate route apply`. It is tried first, then written where the hub reads its
// routes from, then read as any other; a worker waits for the disk.
#include <algorithm>
#include <string>
#include <utility>

#include "hub/hub.h"
#include "hub/shell/replace_file.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kExtension = ".json";

core::Unexpected invalid(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

core::Status check_request(const ApplyRequest& request, const std::string& dir) {
  if (dir.empty())
    return invalid(
        "the hub has no directory for route files: set routes_dir in its configuration and restart it, or put the "
        "routes into the configuration");
  if (!is_plain_file_name(request.name) || !request.name.ends_with(kExtension))
    return invalid(
        "\"" + request.name +
        "\" is no name for a route file: it has to end in .json, without a directory and without a point "
        "at its beginning");
  return {};
}

bool is_wrong(const RouteOutcome& one) { return one.what == "kept" || one.what == "left out"; }

}  // namespace

void Hub::apply_routes(ApplyRequest request, OnApplied done) {
  std::string dir = config_.routes_dir;
  while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
  if (const auto checked = check_request(request, dir); !checked) return done(core::fail(checked.error()));
  ApplyReport report = reloads_.preview(config_, config_path_, {dir + "/" + request.name, request.text});
  const bool wrong = std::ranges::any_of(
      report.routes, [&](const RouteOutcome& one) { return is_wrong(one) && one.file == report.file; });
  report.refused = wrong && !request.force;
  if (report.refused || request.dry_run) return done(std::move(report));
  helper_.post([this, dir, request = std::move(request), report = std::move(report), done = std::move(done)] {
    const auto written = replace_file(dir, request.name, request.text);
    executor_->post([this, written, report, done] {
      if (!written) return done(core::fail(written.error()));
      done(use_applied(report));
    });
  });
}

ApplyReport Hub::use_applied(ApplyReport report) {
  report.written = true;
  log_.info("routes_applied", {{"file", report.file}});
  (void)reloads_.begin();
  (void)reloads_.look_at_routes(config_, config_path_, true);  // an error is in the report
  reloads_.log();
  report.active = reloads_.report().active;
  return report;
}

}  // namespace headgate::hub
