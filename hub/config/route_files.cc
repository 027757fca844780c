#include "hub/config/route_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/os/file_rights.h"
#include "core/result.h"
#include "routing/files/schema_files.h"

namespace headgate::hub {
namespace {

namespace fs = std::filesystem;

// The error ends a sentence that begins with the file.
core::Result<std::string> read_text(const std::string& path) {
  std::error_code unreadable;
  // Reading a pipe would wait for its writer, and the whole hub with it.
  if (!fs::is_regular_file(path, unreadable)) {
    const std::string why = unreadable ? unreadable.message() : "it is not a regular file";
    return core::fail(core::Errc::io, "cannot be read: " + why);
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return core::fail(core::Errc::io, "cannot be read: " + core::why_unreadable(path, errno));
  return text.str();
}

routing::RouteFile read_file(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return {{}, {{path, "", path + ": " + text.error().what}}};
  return routing::parse_route_file(*text, path);
}

// Reads no file that is too large: the loop would stand still for it.
core::Result<std::string> read_table_file(const std::string& path, uint64_t bytes_max) {
  std::error_code unknown;
  const uint64_t bytes = fs::file_size(path, unknown);
  if (!unknown && bytes > bytes_max)
    return core::fail(core::Errc::invalid, path + ": has " + std::to_string(bytes) +
                                               " bytes, the table at most " + std::to_string(bytes_max) +
                                               " (\"maxBytes\")");
  auto text = read_text(path);
  return text ? std::move(text) : core::fail(core::Errc::io, path + ": " + text.error().what);
}

// Takes the text that is to come for the one that is there.
routing::RouteFile read_file(const std::string& path, const FileToCome* coming) {
  return coming && coming->path == path ? routing::parse_route_file(coming->text, path) : read_file(path);
}

void add_coming(std::vector<std::string>& paths, const FileToCome& coming) {
  const auto place = std::ranges::lower_bound(paths, coming.path);
  if (place == paths.end() || *place != coming.path) paths.insert(place, coming.path);
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

std::string dir_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// The directory as a whole is wrong: what came from files, of it or of one that it replaces, stays.
void report_directory(const std::string& dir, const std::string& what, const std::set<std::string>& known,
                      routing::RouteFile& all) {
  const std::string effect = known.empty() ? "" : "; what is in force stays in force";
  all.errors.push_back({dir, "", dir + ": " + what + effect});
  for (const std::string& path : known) {
    if (dir_of(path) != dir) all.errors.push_back({path, "", path + ": " + dir + " " + what + effect});
  }
}

// Without routes of which the layer says something else, and what is wrong with them.
routing::RouteFile beneath(const RouteLayer* layer, routing::RouteFile routes) {
  if (layer == nullptr) return routes;
  std::set<std::string_view> hidden(layer->off.begin(), layer->off.end());
  for (const routing::RouteFileEntry& entry : layer->routes.entries) hidden.insert(entry.name);
  std::erase_if(routes.entries, [&](const auto& entry) { return hidden.contains(entry.name); });
  std::erase_if(routes.errors,
                [&](const auto& error) { return !error.route.empty() && hidden.contains(error.route); });
  return routes;
}

}  // namespace

void MergedRoutes::add(routing::RouteFile more) {
  std::move(more.errors.begin(), more.errors.end(), std::back_inserter(all_.errors));
  std::move(more.without_effect.begin(), more.without_effect.end(), std::back_inserter(all_.without_effect));
  routing::add_tables(all_, std::move(more.tables));
  for (routing::RouteFileEntry& entry : more.entries) {
    const auto [first, is_new] = files_.try_emplace(entry.name, entry.file);
    if (is_new) {
      all_.entries.push_back(std::move(entry));
      continue;
    }
    const std::string what = entry.file + ": route \"" + entry.name + "\" cannot be taken: " + first->second +
                             " has one of that name; rename one of them";
    all_.errors.push_back({entry.file, entry.name, what});
  }
}

void MergedRoutes::add_weakest(routing::RouteFile more, const std::set<std::string, std::less<>>& off) {
  for (routing::RouteFileError& error : more.errors) error.yields = files_.contains(error.route);
  std::erase_if(more.entries, [&](const routing::RouteFileEntry& entry) {
    const auto stronger = files_.find(entry.name);
    if (stronger == files_.end() && !off.contains(entry.name)) return false;
    const std::string why = stronger == files_.end()
                                ? std::string(kLayerFile) + " takes it out of force"
                                : stronger->second + " has one of that name, which goes before";
    more.errors.push_back({entry.file, entry.name,
                           entry.file + ": route \"" + entry.name + "\" cannot be taken: " + why,
                           /*yields=*/true});
    return true;
  });
  add(std::move(more));
}

routing::RouteFile RouteFolder::look(std::string dir, const std::set<std::string>& known, core::Now now,
                                     const FileToCome* coming) {
  while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
  routing::RouteFile all;
  const auto absent_before = std::exchange(absent_since_, {});
  if (dir.empty()) return all;
  std::error_code error;
  std::vector<std::string> paths = json_files(dir, error);
  if (error) {
    report_directory(dir, "cannot be read: " + error.message(), known, all);
    return all;
  }
  if (coming) add_coming(paths, *coming);
  if (paths.empty() && !known.empty()) {
    report_directory(dir, "holds no route file any more (for none, leave one with {\"routes\": {}} there)",
                     known, all);
    return all;
  }
  MergedRoutes merged;
  for (const std::string& path : paths) merged.add(read_file(path, coming));
  all = merged.take();
  for (const std::string& path : known) {
    if (dir_of(path) != dir || std::ranges::binary_search(paths, path)) continue;
    const auto first = absent_before.find(path);
    const int64_t since = first == absent_before.end() ? now.mono_ms : first->second;
    if (now.mono_ms - since >= kSecondLookMs) continue;
    absent_since_.emplace(path, since);
    all.errors.push_back(
        {path, "", path + ": is not there; its routes stay in force until a second look, 5 s later"});
  }
  return all;
}

std::optional<int64_t> RouteFolder::second_look_mono_ms() const {
  std::optional<int64_t> due;
  for (const auto& [path, since] : absent_since_)
    due = std::min(due.value_or(INT64_MAX), since + kSecondLookMs);
  return due;
}

routing::RouteFile collect_routes(const Config& config, const std::string& config_file, RouteFolder& folder,
                                  std::set<std::string> known, core::Now now, const FileToCome* coming,
                                  const routing::RouteFile* weakest) {
  known.erase(config_file);
  for (const std::string& file : config.files) known.erase(file);
  known.erase(std::string(kLayerFile));
  known.erase(std::string(kEdgeHub));
  const RouteLayer* const layer = config.layer.get();
  MergedRoutes all;
  if (layer != nullptr) all.add(layer->routes);
  all.add(beneath(layer, config.routes));
  all.add(config.tables);
  all.add(beneath(layer, folder.look(config.routes_dir, known, now, coming)));
  if (weakest != nullptr)
    all.add_weakest(*weakest, layer == nullptr ? std::set<std::string, std::less<>>() : layer->off);
  routing::RouteFile routes = all.take();
  routes.links = known_links(config);
  routing::read_schemas({&routes, 1}, read_text);
  routing::read_tables(routes.tables, read_table_file);
  return routes;
}

void read_named_in(const std::string& dir, routing::RouteFile& routes) {
  const auto in_dir = [&dir](const std::string& path) {
    return path.starts_with('/') ? path : dir + "/" + path;
  };
  routing::read_schemas({&routes, 1}, [&](const std::string& path) { return read_text(in_dir(path)); });
  for (routing::TableSource& table : routes.tables)
    if (table.kind == routing::TableSource::Kind::file) table.from = in_dir(table.from);
  routing::read_tables(routes.tables, read_table_file);
}

}  // namespace headgate::hub
