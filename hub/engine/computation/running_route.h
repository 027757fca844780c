// A route with state at work: of the table in force, or one that ends.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "hub/engine/routes/routed_table.h"
#include "routing/compute/computation.h"
#include "routing/table/route_table.h"
#include "store/queue_store.h"

namespace headgate::hub {

struct RunningRoute {
  routing::RouteIndex index = 0;             // into the table
  const RoutedTable* routed = nullptr;       // with the table; outlives it
  routing::MatchContext* context = nullptr;  // that the table looks at messages with; outlives it
  uint32_t number = 0;                       // of its state in the store
  std::shared_ptr<const routing::ComputePlan> plan;
  std::unique_ptr<routing::Computation> computation;
  bool touched = false;  // since its state was last saved
};

// Adds the state that has changed since it was saved last.
void save_changed(RunningRoute& route, std::vector<store::KeyValue>& values);

// Adds what the route has counted.
void add_counts(const RunningRoute& route, routing::RouteCounts& sum);

// Reads the route's state back, in a computation that is new. `lost`: gets entries of the store that cannot be read.
core::Status load_state(RunningRoute& route, const store::QueueStore& store, core::Log& log,
                        std::vector<store::KeyValue>& lost);

}  // namespace headgate::hub
