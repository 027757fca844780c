#include "hub/config/parts/parts.h"

#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "core/os/file_rights.h"
#include "hub/config/config.h"
#include "hub/config/text_rules.h"
#include "routing/files/json_text.h"

namespace headgate::hub {
namespace {

namespace fs = std::filesystem;

core::Unexpected cannot_include(const std::string& by, const std::string& what) {
  return core::fail(core::Errc::io, by + ": include: " + what);
}

// Gives what the text includes: nothing, where it is wrong, which whoever reads the keys says.
std::vector<std::string> patterns_of(std::string_view text, const std::string& file) {
  const auto json = routing::parse_json_text(text, file);
  const auto* const include = json ? routing::member(*json, "include") : nullptr;
  if (include == nullptr) return {};
  std::vector<std::string> patterns;
  const auto add = [&](const nlohmann::ordered_json& one) {
    if (one.is_string() && is_include(one.get_ref<const std::string&>()))
      patterns.push_back(one.get<std::string>());
  };
  if (include->is_array()) std::ranges::for_each(*include, add);
  add(*include);
  return patterns;
}

// Sorted paths; hidden files, which may be half written, are none.
core::Result<std::vector<std::string>> matching(const fs::path& pattern, const std::string& by) {
  const std::string name = pattern.filename();
  if (name.find('*') == std::string::npos) return std::vector<std::string>{pattern.string()};
  const fs::path dir = pattern.has_parent_path() ? pattern.parent_path() : fs::path(".");
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (fnmatch(name.c_str(), it->path().filename().c_str(), FNM_PERIOD) == 0)
      paths.push_back((pattern.parent_path() / it->path().filename()).string());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return cannot_include(by, dir.string() + " cannot be read: " + error.message());
  std::ranges::sort(paths);
  return paths;
}

core::Result<std::string> read_included(const std::string& path, const std::string& by) {
  std::error_code unreadable;
  if (!fs::is_regular_file(path, unreadable)) {
    const std::string why = unreadable ? unreadable.message() : "it is not a regular file";
    return cannot_include(by, path + " cannot be read: " + why);
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return cannot_include(by, path + " cannot be read: " + core::why_unreadable(path, errno));
  return text.str();
}

core::Status include(const std::string& path, std::vector<ConfigPart>& parts) {
  const std::string& by = parts.front().file;
  if (std::ranges::any_of(parts, [&](const ConfigPart& part) { return part.file == path; })) return {};
  if (parts.size() > kIncludedMax)
    return cannot_include(by, "names more than " + std::to_string(kIncludedMax) + " files");
  auto text = read_included(path, by);
  if (!text) return core::fail(text.error());
  parts.push_back({path, *std::move(text)});
  return {};
}

}  // namespace

bool is_include(std::string_view text) {
  std::string without_stars(text);
  for (size_t at = without_stars.rfind('/') + 1; at < without_stars.size(); ++at)
    if (without_stars[at] == '*') without_stars[at] = 'x';
  return !text.ends_with('/') && is_path(without_stars);
}

core::Result<std::vector<ConfigPart>> read_parts_of(const std::string& path, std::string text) {
  std::vector<ConfigPart> parts = {{path, std::move(text)}};
  for (const std::string& pattern : patterns_of(parts.front().text, path)) {
    const auto paths = matching(fs::path(path).parent_path() / pattern, path);
    if (!paths) return core::fail(paths.error());
    for (const std::string& one : *paths)
      if (const auto included = include(one, parts); !included) return core::fail(included.error());
  }
  return parts;
}

core::Result<std::vector<ConfigPart>> read_parts(const std::string& path) {
  auto text = config_text(path);
  if (!text) return core::fail(text.error());
  return read_parts_of(path, *std::move(text));
}

}  // namespace headgate::hub
