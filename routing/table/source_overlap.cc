#include "routing/table/source_overlap.h"

#include <string>

#include "core/text.h"
#include "core/topic.h"

namespace headgate::routing {
namespace {

// Topics that a path takes, as a filter in lower case.
std::string filter_of_path(std::string_view path) {
  path.remove_prefix(kMessagesPath.size());
  return std::string(path) + "#";
}

bool path_meets_filter(const RouteSource& path, const RouteSource& filter) {
  return path.text.starts_with(kMessagesPath) &&
         filters_overlap(filter_of_path(path.text), core::ascii_lowered(filter.text));
}

}  // namespace

bool filters_overlap(std::string_view a, std::string_view b) {
  core::TopicLevels of_a(a);
  core::TopicLevels of_b(b);
  while (true) {
    const auto left = of_a.next();
    const auto right = of_b.next();
    if (left == "#" || right == "#") return true;  // takes the level above as well
    if (!left || !right) return !left && !right;
    if (*left != "+" && *right != "+" && *left != *right) return false;
  }
}

bool sources_overlap(const RouteSource& a, const RouteSource& b) {
  const bool a_is_path = a.kind == RouteSource::Kind::path;
  const bool b_is_path = b.kind == RouteSource::Kind::path;
  if (a_is_path && b_is_path) return a.text.starts_with(b.text) || b.text.starts_with(a.text);
  if (a_is_path) return path_meets_filter(a, b);
  if (b_is_path) return path_meets_filter(b, a);
  return filters_overlap(a.text, b.text);
}

}  // namespace headgate::routing
