// Finds the routes whose source takes a message, without looking at the others: paths by a hash of each
// of the message's prefixes, topic filters by a trie over topic levels.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/topic.h"
#include "routing/language/route_source.h"

namespace headgate::routing {

using RouteIndex = uint32_t;

class SourceIndex {
 public:
  void add(const RouteSource& source, RouteIndex route);

  // Appends the routes that take a message with this path (as normalise_source leaves it) and topic,
  // each once, in no order.
  void collect(std::string_view path, std::string_view topic, std::vector<RouteIndex>& out) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <typename T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  // A node of the trie, found by the levels of a filter.
  struct Level {
    ByText<uint32_t> next;
    uint32_t next_any = 0;  // under `+`; 0: none
    std::vector<RouteIndex> here;
    std::vector<RouteIndex> rest;  // under `#`, which also takes the level itself
  };

  void add_filter(std::string_view filter, RouteIndex route);
  uint32_t child(uint32_t parent, std::string_view level);
  void collect_filters(uint32_t at, core::TopicLevels levels, std::vector<RouteIndex>& out) const;

  ByText<std::vector<RouteIndex>> paths_;
  std::vector<Level> levels_ = std::vector<Level>(1);
};

}  // namespace headgate::routing
