// headgated: the daemon. Reads its arguments and config, then hands over to hub::Hub.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "core/system_clock.h"
#include "core/text.h"
#include "core/text/build_info.h"
#include "hub/access/access.h"
#include "hub/change/versions.h"
#include "hub/check.h"
#include "hub/config/config.h"
#include "hub/config/schema/schema.h"
#include "hub/config/show/in_force.h"
#include "hub/edge/ca/command.h"
#include "hub/hub.h"
#include "hub/observe/spdlog_log.h"
#include "hub/shell/allocator.h"
#include "hub/shell/life_watch.h"
#include "hub/shell/privileges.h"
#include "hub/shell/start_again.h"

namespace {

using headgate::hub::Config;
using headgate::hub::Hub;
using headgate::hub::LifeWatch;
using AtStart = headgate::hub::Versions::AtStart;

constexpr int kFailed = 1;     // the hub could not start, or had to stop
constexpr int kBadConfig = 2;  // arguments or config: nothing was touched

// How a run of the hub ended.
struct Ended {
  int code = 0;
  bool was_ready = false;
  bool starts_again = false;
};

int complain(int code, const std::string& what) {
  std::cerr << "headgated: " << headgate::core::printable(what, headgate::core::LineFeeds::kept) << '\n';
  return code;
}

// On the loop.
void on_signal(int signal, Hub& hub, boost::asio::io_context& io, const LifeWatch& watch) {
  if (signal != SIGHUP) return hub.stop([&io] { io.stop(); });
  watch.reloading();
  hub.reload([&watch](const headgate::hub::ReloadReport&) { watch.ready(); });
}

// Has the hub end and be started again, unless it has given up root's rights, which the next start would lack.
void start_again_when_asked(Hub& hub, boost::asio::io_context& io, const LifeWatch& watch, bool began_as_root,
                            Ended& ended) {
  if (began_as_root != headgate::hub::runs_as_root()) return;
  hub.on_start_again([&hub, &io, &watch, &ended] {
    ended.starts_again = true;
    watch.reloading();  // to the service manager it is one service that goes on
    hub.stop([&io] { io.stop(); });
  });
}

Ended failed(int code, const std::string& what) { return {.code = complain(code, what)}; }

Ended run(Config config, const std::string& config_path) {
  const bool began_as_root = headgate::hub::runs_as_root();
  const headgate::core::SystemClock clock;
  auto log = headgate::hub::SpdlogLog::open(config.log, clock);
  if (!log) return failed(kBadConfig, log.error().what);
  std::signal(SIGPIPE, SIG_IGN);
  const auto users = headgate::hub::check_password_files(headgate::hub::access_settings(config));
  if (!users) return failed(kBadConfig, users.error().what);

  boost::asio::io_context io{1};
  std::unique_ptr<Hub> hub;  // when the loop runs and takes signals, it is there
  LifeWatch watch(**log, headgate::hub::ServiceManager::from_environment(), [&io, &hub, &watch](int signal) {
    boost::asio::post(io, [&io, &hub, &watch, signal] { on_signal(signal, *hub, io, watch); });
  });
  auto opened = Hub::open(config, config_path, io, **log, [&watch] { watch.start(); });
  if (!opened) return failed(kFailed, opened.error().what);
  hub = *std::move(opened);
  config = {};  // the hub has its own: of thousands of routes one copy is enough
  hub->on_tick([&watch] { watch.beat(); });
  Ended ended;
  start_again_when_asked(*hub, io, watch, began_as_root, ended);
  // Before anybody can see that the hub is up: a signal that comes at once is not the system's to handle.
  watch.beat();
  if (const auto started = hub->start(); !started) return failed(kFailed, started.error().what);
  watch.ready();
  ended.was_ready = true;
  io.run();
  hub.reset();  // while somebody watches whether that ends
  return ended;
}

// Everything that is found, and whether the hub would start and take all routes.
int check(const std::string& path, bool json) {
  const auto found = headgate::hub::check_config(path, headgate::core::SystemClock().now().wall_ms);
  const int code = found.problems.empty() ? 0 : kBadConfig;
  if (json) {
    std::cout << headgate::hub::to_json(found, path) << '\n';
    return code;
  }
  const auto readable = [](const headgate::hub::ConfigFinding& finding) {
    return headgate::core::printable(headgate::hub::to_text(finding), headgate::core::LineFeeds::kept);
  };
  for (const auto& problem : found.problems) std::cerr << readable(problem) << '\n';
  for (const auto& warning : found.warnings) std::cerr << "warning: " << readable(warning) << '\n';
  std::cout << path << ": " << (found.problems.empty() ? "ok" : "not ok") << ", " << found.routes
            << (found.routes == 1 ? " route\n" : " routes\n");
  return code;
}

int print_text(const std::string& text) {
  std::cout << text;
  return 0;
}

int print_config(const std::string& path, bool json) {
  if (path.empty() && !json) {
    std::cout << headgate::hub::config_reference();
    return 0;
  }
  const auto settings = headgate::hub::settings_in_force(path);
  if (!settings) return complain(kBadConfig, settings.error().what);
  std::cout << *settings << '\n';
  return 0;
}

void add_ca_options(CLI::App& app, headgate::hub::CaRequest& request) {
  CLI::Option* const verb =
      app.add_option("--ca", request.verb,
                     "make the gateway's own authority and its server certificate, or renew the latter; exit")
          ->check(CLI::IsMember({"init", "renew"}));
  CLI::Option* const dir = app.add_option("--ca-dir", request.dir, "the directory for --ca")->needs(verb);
  app.add_option("--ca-name", request.names,
                 "a host name or address of this gateway, for --ca; may be repeated")
      ->needs(verb)
      ->take_all();
  verb->needs(dir);
}

int run_ca(const headgate::hub::CaRequest& request) {
  return headgate::hub::run_ca(request, headgate::core::SystemClock().now().wall_ms / 1000, std::cout,
                               std::cerr);
}

// A change of the configuration that was not confirmed when the hub ended does not stay.
headgate::core::Result<AtStart> end_trial_of_before(const std::string& path) {
  if (path.empty()) return AtStart::nothing;
  headgate::hub::RealFileSteps steps;
  const auto found = headgate::hub::Versions(path, steps).at_start();
  if (!found) return headgate::core::fail(found.error());
  if (*found == AtStart::rolled_back)
    std::cerr << "headgated: " << path
              << ": the last change was not confirmed; the version before is in force again\n";
  return *found;
}

Ended load_and_run(const std::string& path, bool http) {
  auto config = path.empty() ? headgate::hub::default_config() : headgate::hub::load_config(path);
  if (!config) return failed(kBadConfig, config.error().what);
  config->admin.http.asked_for = http;
  return run(*std::move(config), path);
}

}  // namespace

int main(int argc, char** argv) {
  headgate::hub::bound_allocator();
  headgate::hub::block_signals();
  CLI::App app{
      "Headgate: an edge hub. Modules publish, routes chain them, RocksDB keeps, the cloud gets batches.",
      "headgated"};
  std::string config_path;
  bool prints_config = false;
  bool json = false;
  app.add_option("--config", config_path, "JSON file; without it the embedded default is used");
  std::string checked_path;
  app.add_option("--check", checked_path,
                 "read this configuration and the files that it names, say what is wrong, exit");
  bool http = false;
  app.add_flag("--http", http,
               "serve HTTP on port 9180 of this machine, if admin.http.port says nothing else");
  app.add_flag(
      "--print-config", prints_config,
      "print every key with its default and a sentence, or with --config those in force as JSON; exit");
  app.add_flag("--json", json, "what --check and --print-config print is JSON");
  bool prints_schema = false;
  bool prints_example = false;
  app.add_flag("--print-schema", prints_schema, "print the JSON schema of the configuration; exit");
  app.add_flag("--print-example", prints_example,
               "print a configuration with every key and its default; exit");
  headgate::hub::CaRequest ca;
  add_ca_options(app, ca);
  app.set_version_flag("--version", headgate::core::build_info("headgated"),
                       "print the version and how it was built, and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadConfig;
  }
  if (!ca.verb.empty()) return run_ca(ca);
  if (prints_schema) return print_text(headgate::hub::config_schema());
  if (prints_example) return print_text(headgate::hub::config_example());
  if (prints_config) return print_config(config_path, json);
  if (!checked_path.empty()) return check(checked_path, json);
  const auto at_start = end_trial_of_before(config_path);
  if (!at_start) return complain(kFailed, at_start.error().what);
  const Ended ended = load_and_run(config_path, http);
  // A version on trial that does not come up is followed by the one before, which the next start puts in force.
  if (ended.starts_again || (*at_start == AtStart::begins_trial && !ended.was_ready))
    return headgate::hub::start_again(argv) ? 0 : complain(kFailed, "cannot start again");
  return ended.code;
}
