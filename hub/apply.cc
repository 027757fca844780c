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
  reloads_.in_turn([this, dir, request = std::move(request),
                    done = std::move(done)](const Reloads::Over& over) {
    const auto go_on = [this, dir, request, done, over](ApplyReport report) {
      const bool wrong = std::ranges::any_of(
          report.routes, [&](const RouteOutcome& one) { return is_wrong(one) && one.file == report.file; });
      report.refused = wrong && !request.force;
      if (!report.refused && !request.dry_run)
        return write_applied(dir, request, std::move(report), done, over);
      done(std::move(report));
      over();
    };
    reloads_.preview(config_, config_path_, {dir + "/" + request.name, request.text}, go_on);
  });
}

void Hub::write_applied(const std::string& dir, const ApplyRequest& request, ApplyReport report,
                        OnApplied done, Reloads::Over over) {
  workers_.helper.post(
      [this, dir, request, report = std::move(report), done = std::move(done), over = std::move(over)] {
        const auto written = replace_file(dir, request.name, request.text);
        executor_->post([this, written, report, done, over] {
          if (written) return use_applied(report, done, over);
          done(core::fail(written.error()));
          over();
        });
      });
}

void Hub::use_applied(ApplyReport report, OnApplied done, Reloads::Over over) {
  report.written = true;
  log_.info("routes_applied", {{"file", report.file}});
  (void)reloads_.begin();
  reloads_.look_at_routes(
      config_, config_path_, true,
      [this, report = std::move(report), done = std::move(done), over = std::move(over)]() mutable {
        reloads_.log();
        report.active = reloads_.report().active;
        done(std::move(report));
        over();
      });
}

}  // namespace headgate::hub
