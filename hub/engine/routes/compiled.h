// Routes that are compiled and ready to be put in force, or are so already.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hub/engine/routes/last_good.h"
#include "routing/files/route_file.h"
#include "routing/table/route_table.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Does not change once it is in force, so that another thread can compile the next beside it.
struct CompiledRoutes {
  WantedRoutes wanted;
  std::vector<routing::RouteStatus>
      statuses;  // one for each of wanted.routes.entries; empty: nothing was compiled
  std::shared_ptr<const routing::RouteTable> table;
  GoodRoutes good;  // those in force, in `wanted`
  // In what they differ from those before:
  RouteChanges changes;
  std::set<std::string> queues_let_go;  // see queues_let_go()
  std::vector<store::KeyValue>
      records;  // of routes and tables in force, as far as they are others; until then

  CompiledRoutes() = default;
  CompiledRoutes(const CompiledRoutes&) = delete;
  CompiledRoutes& operator=(const CompiledRoutes&) = delete;
};

// Compiles what is to follow `before`: of a route that is broken the version of then stays. Pure, and slow where routes
// are many; on any thread.
[[nodiscard]] std::shared_ptr<CompiledRoutes> compile_routes(routing::RouteFile routes,
                                                             const CompiledRoutes& before,
                                                             uint32_t default_ttl_s);
// Takes routes and tables that were in force when the hub last ran; nothing is compiled.
[[nodiscard]] std::shared_ptr<const CompiledRoutes> routes_of_before(routing::RouteFile routes);

// Errors of a route, with places and carets; empty: there are none.
[[nodiscard]] std::string error_of(const routing::RouteStatus& status, const std::string& file);

}  // namespace headgate::hub
