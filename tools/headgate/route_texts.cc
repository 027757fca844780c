#include "tools/headgate/route_texts.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "routing/files/schema_files.h"
#include "routing/lookup/table_source.h"

namespace headgate::tools {
namespace {

routing::RouteFile unreadable(const std::string& path, const std::string& what) {
  return {{}, {{path, "", what}}};
}

// Appends the route files of a directory.
void read_directory(const std::string& dir, std::vector<routing::RouteFile>& files) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".json") paths.push_back(it->path().string());
  }
  if (error) files.push_back(unreadable(dir, dir + ": cannot be read: " + error.message()));
  std::ranges::sort(paths);
  for (const std::string& path : paths) {
    const auto text = read_text(path);
    files.push_back(text ? routing::parse_route_file(*text, path) : unreadable(path, text.error().what));
  }
}

}  // namespace

core::Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (file || file.eof()) return text.str();
  return core::fail(core::Errc::io, path + ": cannot be read: " + std::strerror(errno));
}

core::Result<std::string> read_schema(const std::string& path) {
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(path, unreadable))
    return core::fail(core::Errc::io,
                      unreadable ? "cannot be read: " + unreadable.message() : "is not a regular file");
  auto text = read_text(path);
  return text ? text : core::fail(core::Errc::io, "cannot be read");
}

// A pipe or a directory is no table, and a file that is too large is not read.
core::Result<std::string> read_table(const std::string& path, uint64_t bytes_max) {
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) return core::fail(core::Errc::io, path + ": cannot be read: " + error.message());
  if (bytes > bytes_max)
    return core::fail(core::Errc::invalid, path + ": has " + std::to_string(bytes) +
                                               " bytes, the table at most " + std::to_string(bytes_max) +
                                               " (\"maxBytes\")");
  return read_text(path);
}

std::vector<routing::RouteFile> read_route_files(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return {unreadable(path, text.error().what)};
  routing::RouteText read = routing::parse_route_text(*text, path);
  std::vector<routing::RouteFile> files{std::move(read.routes)};
  if (!read.routes_dir.empty()) read_directory(read.routes_dir, files);
  routing::read_schemas(files, read_schema);
  for (routing::RouteFile& file : files) routing::read_tables(file.tables, read_table);
  return files;
}

routing::RouteFile read_routes(const std::vector<std::string>& paths) {
  routing::RouteFile all;
  for (const std::string& path : paths) {
    for (routing::RouteFile& file : read_route_files(path)) {
      routing::add_tables(all, std::move(file.tables));
      std::move(file.entries.begin(), file.entries.end(), std::back_inserter(all.entries));
      std::move(file.errors.begin(), file.errors.end(), std::back_inserter(all.errors));
    }
  }
  return all;
}

}  // namespace headgate::tools
