// A compiled table, and where the sinks of its routes lead.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "routing/table/route_table.h"
#include "store/queue_store.h"

namespace headgate::hub {

// The place that an endpoint of a table leads to.
struct Destination {
  routing::Sink::Kind kind = routing::Sink::Kind::null;
  store::QueueId queue = 0;  // upstream, module_input, dead_letter
  std::string topic;         // topic
};

struct RoutedTable {
  std::shared_ptr<const routing::RouteTable> table;
  std::vector<Destination> destinations;  // by endpoint index

  // Where a sink of a route leads.
  [[nodiscard]] const Destination& destination(routing::RouteIndex route, size_t sink) const {
    return destinations[table->routes()[route].endpoints[sink]];
  }
};

// Opens the queues that the endpoints of a table need. Error: io, when one cannot be made.
[[nodiscard]] core::Result<RoutedTable> open_queues(std::shared_ptr<const routing::RouteTable> table,
                                                    store::QueueStore& store);

}  // namespace headgate::hub
