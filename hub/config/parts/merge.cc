#include "hub/config/parts/merge.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "routing/files/json_text.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

// Objects whose members are named by people, and whole.
bool has_whole_members(std::string_view path) {
  return path == "routes" || path == "tables" || path == "auth.identities";
}

bool is_continued(std::string_view path) {
  static constexpr std::array<std::string_view, 4> kLists = {"listeners", "access.rules", "history.filter",
                                                             "upstream.downstream"};
  return std::ranges::find(kLists, path) != kLists.end() ||
         (path.starts_with("links.") && path.ends_with(".downstream"));
}

std::string element(const std::string& list, size_t at) { return list + "[" + std::to_string(at) + "]"; }

// Adds one file after the other to `json`.
class Merger {
 public:
  Merger(KeySources& sources, Problems& problems) : sources_(sources), problems_(problems) {}

  void add(Json& json, const Json& more, const std::string& file) {
    if (!more.is_object())
      return problems_.add_in(file, "the whole file",
                              "is " + routing::describe(more) + "; allowed: an object, {…}");
    if (more.contains("include"))
      problems_.add_in(file, "include", "is for the hub's own file alone; name all files there");
    add_members("", json, more, file);
  }

 private:
  void add_members(const std::string& path, Json& into, const Json& from, const std::string& file) {
    for (const auto& [name, value] : from.items()) {
      if (path.empty() && name == "include") continue;
      const std::string place = routing::join_path(path, name);
      const auto there = into.find(name);
      if (there == into.end()) {
        into[name] = value;
        sources_.note(place, value, file);
      } else if (there->is_object() && value.is_object() && !has_whole_members(path)) {
        add_members(place, *there, value, file);
      } else if (there->is_array() && value.is_array() && is_continued(place)) {
        go_on(place, *there, value, file);
      } else if (*there != value) {
        problems_.add_in(file, place, "has another value in " + sources_.file_of(place) + "; give it once");
      }
    }
  }

  void go_on(const std::string& place, Json& list, const Json& more, const std::string& file) {
    for (const Json& one : more) {
      sources_.note(element(place, list.size()), one, file);
      list.push_back(one);
    }
  }

  KeySources& sources_;
  Problems& problems_;
};

std::string parent_of(const std::string& path) {
  const size_t end = path.find_last_of(".[");
  return end == std::string::npos ? "" : path.substr(0, end);
}

bool is_below(std::string_view path, std::string_view parent) {
  return parent.empty() ||
         (path.starts_with(parent) &&
          (path.size() == parent.size() || path[parent.size()] == '.' || path[parent.size()] == '['));
}

}  // namespace

void KeySources::note(const std::string& path, const Json& value, const std::string& file) {
  if (std::ranges::find(files_, file) == files_.end()) files_.push_back(file);
  if (!path.empty()) by_path_[path] = file;
  if (value.is_object())
    for (const auto& [name, inner] : value.items()) note(routing::join_path(path, name), inner, file);
  if (value.is_array())
    for (size_t i = 0; i < value.size(); ++i) note(element(path, i), value[i], file);
}

std::string KeySources::file_of(std::string path) const {
  for (; !path.empty(); path = parent_of(path))
    if (const auto said = by_path_.find(path); said != by_path_.end()) return said->second;
  return main_;
}

std::vector<std::string> KeySources::files_below(const std::string& path) const {
  std::vector<std::string> below;
  for (auto it = by_path_.lower_bound(path); it != by_path_.end() && it->first.starts_with(path); ++it)
    if (is_below(it->first, path) && std::ranges::find(below, it->second) == below.end())
      below.push_back(it->second);
  std::ranges::sort(below, {}, [&](const std::string& file) { return std::ranges::find(files_, file); });
  return below;
}

core::Result<MergedConfig> merge(std::span<const ConfigPart> parts, Problems& problems) {
  MergedConfig merged{{}, KeySources(parts.front().file), {}};
  for (const ConfigPart& part : parts) {
    auto json = routing::parse_json_text(part.text, part.file);
    if (!json) return core::fail(json.error());
    merged.parts.emplace_back(part.file, std::make_shared<const Json>(*std::move(json)));
  }
  const auto whole = std::make_shared<Json>(*merged.parts.front().second);
  merged.json = whole;
  merged.sources.note("", *whole, parts.front().file);
  if (!whole->is_object()) return merged;
  Merger merger(merged.sources, problems);
  for (size_t i = 1; i < merged.parts.size(); ++i)
    merger.add(*whole, *merged.parts[i].second, merged.parts[i].first);
  return merged;
}

}  // namespace headgate::hub
