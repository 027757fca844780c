#include "tools/unbatch/seen.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "store/disk/names.h"

namespace headgate::tools {

bool Seen::insert(const std::string& hub, const std::string& epoch, uint64_t seq) {
  Ranges& ranges = by_source_[{hub, epoch}];
  auto after = ranges.upper_bound(seq);
  if (after != ranges.begin()) {
    auto before = std::prev(after);
    if (seq <= before->second) return false;
    if (before->second + 1 == seq) {
      before->second = seq;
      if (after != ranges.end() && after->first == seq + 1) {
        before->second = after->second;
        ranges.erase(after);
      }
      return true;
    }
  }
  uint64_t last = seq;
  if (after != ranges.end() && after->first == seq + 1) {
    last = after->second;
    ranges.erase(after);
  }
  ranges.emplace(seq, last);
  return true;
}

core::Status Seen::load(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  std::ifstream file(path);
  const auto state = nlohmann::json::parse(file, nullptr, false);
  const auto refuse = [&] {
    return core::fail(core::Errc::corrupt,
                      path + " is not a state file of `headgate unbatch`; remove it to start anew");
  };
  if (!state.is_object() || state.value("v", 0) != 1 || !state.contains("seen")) return refuse();
  for (const auto& source : state["seen"]) {
    if (!source.is_object() || !source.contains("ranges")) return refuse();
    Ranges& ranges = by_source_[{source.value("hub", ""), source.value("epoch", "")}];
    for (const auto& range : source["ranges"]) {
      if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() ||
          !range[1].is_number_unsigned()) {
        return refuse();
      }
      ranges[range[0].get<uint64_t>()] = range[1].get<uint64_t>();
    }
  }
  return {};
}

core::Status Seen::save(const std::string& path) const {
  nlohmann::json state{{"v", 1}, {"seen", nlohmann::json::array()}};
  for (const auto& [source, ranges] : by_source_) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [first, last] : ranges) list.push_back({first, last});
    state["seen"].push_back({{"hub", source.first}, {"epoch", source.second}, {"ranges", std::move(list)}});
  }
  return replace_file(path, state.dump() + '\n');
}

core::Status replace_file(const std::string& path, const std::string& content) {
  const std::string next = path + ".next";
  std::ofstream file(next);
  file << content;
  file.close();
  if (!file) return core::fail(core::Errc::io, "cannot write " + next + ": " + std::strerror(errno));
  // The name comes last, when the content is on the disk.
  if (auto synced = store::sync_file(next); !synced) return synced;
  if (std::rename(next.c_str(), path.c_str()) != 0)
    return core::fail(core::Errc::io, "cannot write " + path + ": " + std::strerror(errno));
  return store::sync_name(path);
}

}  // namespace headgate::tools
