#include "hub/config/route_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/os/file_rights.h"

namespace headgate::hub {
namespace {

namespace fs = std::filesystem;

routing::RouteFile failed(const std::string& file, const std::string& why) {
  return {{}, {{file, "", file + ": cannot be read: " + why}}};
}

routing::RouteFile read_file(const std::string& path) {
  std::error_code unreadable;
  // Reading a pipe would wait for its writer, and the whole hub with it.
  if (!fs::is_regular_file(path, unreadable)) {
    return failed(path, unreadable ? unreadable.message() : "it is not a regular file");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return failed(path, core::why_unreadable(path, errno));
  return routing::parse_route_file(text.str(), path);
}

// Sorted paths of the directory's *.json files.
std::vector<std::string> json_files(const std::string& dir, std::error_code& error) {
  std::vector<std::string> paths;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".json") paths.push_back(it->path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

void merge_routes(routing::RouteFile& all, routing::RouteFile more) {
  std::move(more.errors.begin(), more.errors.end(), std::back_inserter(all.errors));
  for (routing::RouteFileEntry& entry : more.entries) {
    const auto same = [&](const routing::RouteFileEntry& known) { return known.name == entry.name; };
    const auto first = std::find_if(all.entries.begin(), all.entries.end(), same);
    if (first == all.entries.end()) {
      all.entries.push_back(std::move(entry));
      continue;
    }
    const std::string what = entry.file + ": route \"" + entry.name + "\" is left out: " + first->file +
                             " has one of that name; rename one of them";
    all.errors.push_back({entry.file, entry.name, what});
  }
}

routing::RouteFile collect_routes(const Config& config) {
  routing::RouteFile all = config.routes;
  if (config.routes_dir.empty()) return all;
  std::error_code error;
  for (const std::string& path : json_files(config.routes_dir, error)) merge_routes(all, read_file(path));
  if (error) merge_routes(all, failed(config.routes_dir, error.message()));
  return all;
}

}  // namespace headgate::hub
