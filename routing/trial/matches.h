// Counts of messages that routes would take, in one version and in another: nothing is made of them, and nothing delivered.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/message.h"
#include "routing/lookup/table_source.h"
#include "routing/table/route_table.h"

namespace headgate::routing {

// Routes, and the tables that are declared beside them. Borrows both.
struct RouteVersion {
  std::span<const RouteSpec> specs;
  std::span<const TableSource> tables = {};
};

// A route of either version, by its name.
struct RouteMatches {
  std::string route;
  bool is_before = false;  // it is there, and compiles
  bool is_after = false;
  uint64_t before = 0;  // messages that it takes
  uint64_t after = 0;
  uint64_t gained = 0;     // that it takes now and did not
  uint64_t lost = 0;       // the reverse
  uint64_t undefined = 0;  // now, because its condition could not be decided
  std::string why_not;     // not empty: nothing can be said of it
};

// Runs both over the messages, in the order in which their routes stand: first those after, then those that are gone. A
// route is decided by each message alone: of one whose condition depends on messages before or on a table, nothing is
// said. Pure; on any thread, and slow where messages are many.
[[nodiscard]] std::vector<RouteMatches> compare_matches(std::span<const core::MessagePtr> messages,
                                                        const RouteVersion& before,
                                                        const RouteVersion& after);

}  // namespace headgate::routing
