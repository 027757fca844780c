#include "routing/files/route_check.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

using routing::RouteCheck;
using routing::RouteCheckReport;
using routing::RouteFileError;

// nullopt after an error.
std::optional<std::string> read_text(const std::string& path, RouteCheckReport& report) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (file || file.eof()) return text.str();
  report.errors.push_back({path, "", path + ": cannot be read: " + std::strerror(errno)});
  return std::nullopt;
}

void add(RouteCheckReport& report, RouteCheckReport more) {
  std::move(more.routes.begin(), more.routes.end(), std::back_inserter(report.routes));
  std::move(more.errors.begin(), more.errors.end(), std::back_inserter(report.errors));
}

// Checks the route files beside a configuration, as the hub reads them.
void check_directory(const std::string& dir, RouteCheckReport& report) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".json") paths.push_back(it->path().string());
  }
  if (error) report.errors.push_back({dir, "", dir + ": cannot be read: " + error.message()});
  std::ranges::sort(paths);
  for (const std::string& path : paths) {
    const auto text = read_text(path, report);
    if (text) add(report, routing::check_routes(routing::parse_route_file(*text, path)));
  }
}

// Takes a route file, a manifest or a whole configuration.
void check_file(const std::string& path, RouteCheckReport& report) {
  const auto text = read_text(path, report);
  if (!text) return;
  const routing::RouteText read = routing::parse_route_text(*text, path);
  add(report, routing::check_routes(read.routes));
  if (!read.routes_dir.empty()) check_directory(read.routes_dir, report);
}

void show_route_report(const RouteCheckReport& report, std::ostream& out) {
  size_t wrong = report.errors.size();
  for (const RouteFileError& error : report.errors) out << error.what << '\n';
  for (const RouteCheck& check : report.routes) {
    if (!check.ok()) ++wrong;
    out << check.entry.file << ": " << check.entry.name << ": " << (check.ok() ? "ok" : "left out") << '\n';
    for (const auto& found : check.diagnostics) out << routing::render(found, check.entry.text) << '\n';
  }
  out << report.routes.size() << (report.routes.size() == 1 ? " route, " : " routes, ") << wrong
      << (wrong == 1 ? " error\n" : " errors\n");
}

}  // namespace

int run_route_check(const std::vector<std::string>& files, bool json, std::ostream& out, std::ostream& err) {
  RouteCheckReport report;
  for (const std::string& path : files) check_file(path, report);
  if (json) {
    out << routing::to_json(report) << '\n';
  } else {
    show_route_report(report, report.ok() ? out : err);
  }
  return report.ok() ? kExitOk : kExitFailed;
}

}  // namespace headgate::tools
