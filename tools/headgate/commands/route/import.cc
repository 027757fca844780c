#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/text.h"
#include "routing/files/json_text.h"
#include "routing/files/route_check.h"
#include "routing/files/route_record.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;
using routing::RouteCheck;
using routing::RouteCheckReport;

constexpr const char* kOutput = "-";

core::Unexpected failed(const std::string& path, const std::string& what, int error) {
  return core::fail(core::Errc::io, path + ": " + what + ": " + std::strerror(error));
}

// "deployment.json" gives "deployment.routes.json", so that it never takes the manifest's place.
std::string name_for(const std::string& manifest) {
  const fs::path name = fs::path(manifest).filename();
  return (name.extension() == ".json" ? name.stem() : name).string() + ".routes.json";
}

core::Status write_whole(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "wxe");
  if (file == nullptr) return failed(path, "cannot be written", errno);
  bool done = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0 &&
              fsync(fileno(file)) == 0;
  const int error = errno;
  done = std::fclose(file) == 0 && done;
  if (done) return {};
  (void)unlink(path.c_str());
  return failed(path, "cannot be written", error);
}

core::Status put_in_place(const std::string& beside, const std::string& path, bool force) {
  const unsigned flags = force ? 0 : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, path.c_str(), flags) == 0) return {};
  if (errno == EEXIST)
    return core::fail(core::Errc::invalid, path + ": is there already and is not overwritten; say --force");
  return failed(path, "cannot be written", errno);
}

// A hub that reads the directory never sees half a file: it takes only names that end in .json.
core::Status write_file(const std::string& path, const std::string& text, bool force) {
  const std::string beside = path + "." + std::to_string(getpid()) + ".new";
  if (core::Status written = write_whole(beside, text); !written) return written;
  core::Status done = put_in_place(beside, path, force);
  if (!done) (void)unlink(beside.c_str());
  return done;
}

std::vector<routing::RouteFileEntry> good_routes(const RouteCheckReport& report) {
  std::vector<routing::RouteFileEntry> good;
  for (const RouteCheck& check : report.routes) {
    if (check.ok()) good.push_back(check.entry);
  }
  return good;
}

std::string printable(const std::string& text) { return core::printable(text, core::LineFeeds::kept); }

void show_problems(const RouteCheckReport& report, std::ostream& err) {
  for (const auto& error : report.errors) err << printable(error.what) << '\n';
  for (const RouteCheck& check : report.routes) {
    if (check.diagnostics.empty()) continue;
    err << printable(check.entry.file + ": " + check.entry.name) << ": " << (check.ok() ? "ok" : "left out")
        << '\n';
    for (const auto& found : check.diagnostics)
      err << printable(routing::render(found, check.entry.text)) << '\n';
  }
}

void show(const RouteCheckReport& report, size_t routes, const std::string& path, std::ostream& out) {
  for (const auto& note : report.without_effect) out << printable(routing::to_text(note)) << '\n';
  out << routes << (routes == 1 ? " route" : " routes")
      << (path.empty() ? ", nothing written" : " written to " + printable(path)) << '\n';
}

std::string json_of(const RouteCheckReport& report, size_t routes, const std::string& path) {
  Json json = Json::parse(routing::to_json(report));
  json["written"] = path;
  json["written_routes"] = routes;
  return json.dump();
}

RouteCheckReport read_manifest(const std::string& path) {
  RouteCheckReport report;
  const auto text = read_text(path);
  if (!text) {
    report.errors.push_back({path, "", text.error().what});
    return report;
  }
  const routing::RouteFile file = routing::parse_route_file(*text, path);
  if (file.manifest || !routing::parse_json_text(*text, path)) return routing::check_routes(file);
  report.errors.push_back(
      {path, "", path + ": is no deployment manifest: those have modulesContent with $edgeHub"});
  return report;
}

// The name of what was written; empty after an error, which is added to the report.
std::string write_routes(const ImportOptions& options, RouteCheckReport& report, std::ostream& out) {
  const auto good = good_routes(report);
  if (good.empty() && !report.ok()) return "";
  const std::string text = routing::route_file_text(good);
  if (options.out == kOutput) {
    out << text;
    return "standard output";
  }
  const std::string path = (fs::path(options.out) / name_for(options.manifest)).string();
  const core::Status written = write_file(path, text, options.force);
  if (written) return path;
  report.errors.push_back({path, "", written.error().what});
  return "";
}

}  // namespace

int run_route_import(const ImportOptions& options, bool json, std::ostream& out, std::ostream& err) {
  RouteCheckReport report = read_manifest(options.manifest);
  const std::string path = write_routes(options, report, out);
  const size_t routes = path.empty() ? 0 : good_routes(report).size();
  std::ostream& told = options.out == kOutput ? err : out;
  if (json) {
    told << json_of(report, routes, path) << '\n';
  } else {
    show_problems(report, err);
    show(report, routes, path, told);
  }
  return report.ok() ? kExitOk : kExitFailed;
}

}  // namespace headgate::tools
