#include "routing/table/source_index.h"

namespace headgate::routing {
namespace {

void append(std::vector<RouteIndex>& out, const std::vector<RouteIndex>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

}  // namespace

void SourceIndex::add(const RouteSource& source, RouteIndex route) {
  if (source.kind == RouteSource::Kind::topic_filter) return add_filter(source.text, route);
  paths_[source.text].push_back(route);
}

void SourceIndex::add_filter(std::string_view filter, RouteIndex route) {
  uint32_t at = 0;
  core::TopicLevels levels(filter);
  while (const auto level = levels.next()) {
    if (*level == "#") return levels_[at].rest.push_back(route);
    at = child(at, *level);
  }
  levels_[at].here.push_back(route);
}

uint32_t SourceIndex::child(uint32_t parent, std::string_view level) {
  uint32_t& slot = level == "+" ? levels_[parent].next_any : levels_[parent].next[std::string(level)];
  if (slot != 0) return slot;
  const auto added = static_cast<uint32_t>(levels_.size());
  slot = added;
  levels_.emplace_back();
  return added;
}

void SourceIndex::collect(std::string_view path, std::string_view topic, std::vector<RouteIndex>& out) const {
  for (size_t slash = path.find('/'); slash != std::string_view::npos && !paths_.empty();
       slash = path.find('/', slash + 1)) {
    const auto found = paths_.find(path.substr(0, slash + 1));
    if (found != paths_.end()) append(out, found->second);
  }
  // Filters take nothing that begins with `$` [MQTT-4.7.2-1]; what twins report, which does, is routed by its path.
  if (!topic.starts_with('$')) collect_filters(0, core::TopicLevels(topic), out);
}

void SourceIndex::collect_filters(uint32_t at, core::TopicLevels levels, std::vector<RouteIndex>& out) const {
  const Level& here = levels_[at];
  append(out, here.rest);
  const auto level = levels.next();
  if (!level) return append(out, here.here);
  if (here.next_any != 0) collect_filters(here.next_any, levels, out);
  if (here.next.empty()) return;
  const auto next = here.next.find(*level);
  if (next != here.next.end()) collect_filters(next->second, levels, out);
}

}  // namespace headgate::routing
