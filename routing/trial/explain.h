// A route told in words: how it was read, what it keeps in memory, and where it leads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/table/route_table.h"

namespace headgate::routing {

struct ExplainedLine {
  std::string_view topic;  // "window"; several lines may have one
  std::string text;
};

struct Explanation {
  std::string name;
  std::vector<ExplainedLine> lines;
  bool has_state = false;
  uint64_t group_bytes_max = 0;  // one group; 0: it keeps none
  uint64_t state_bytes_max = 0;  // the whole route
};

// REQUIRES: the route compiles. `compiled` is what its text gave; `tables` are declared, with the rows of files.
[[nodiscard]] Explanation explain_route(const RouteSpec& spec, const CompiledRoute& compiled,
                                        const std::vector<TableSource>& tables = {});

}  // namespace headgate::routing
