#include "hub/engine/routes/routed_table.h"

#include <utility>

namespace headgate::hub {
namespace {

using SinkKind = routing::Sink::Kind;

core::Result<Destination> destination_with_queue(const routing::Endpoint& endpoint, std::string_view name,
                                                 const store::QueueAttributes& attributes,
                                                 store::QueueStore& store) {
  const auto queue = store.open_queue(name, attributes);
  if (!queue) return core::fail(queue.error());
  return Destination{endpoint.kind, *queue, {}};
}

// A new kind of sink has to say here what becomes of its messages, or this does not compile.
core::Result<Destination> destination_of(const routing::Endpoint& endpoint, store::QueueStore& store) {
  switch (endpoint.kind) {
    case SinkKind::upstream:
      return destination_with_queue(endpoint, endpoint.name, store::link_attributes(), store);
    case SinkKind::module_input:
      return destination_with_queue(endpoint, endpoint.name, {store::QueueKind::input}, store);
    case SinkKind::topic:
      return Destination{endpoint.kind, 0, endpoint.topic};
    case SinkKind::null:
      return Destination{endpoint.kind, 0, {}};
    case SinkKind::dead_letter:
      return destination_with_queue(endpoint, store::kDeadQueue, {store::QueueKind::dead}, store);
  }
  return core::fail(core::Errc::invalid, "endpoint '" + endpoint.name + "' is of no known kind");
}

}  // namespace

core::Result<RoutedTable> open_queues(std::shared_ptr<const routing::RouteTable> table,
                                      store::QueueStore& store) {
  RoutedTable routed{std::move(table), {}};
  for (const routing::Endpoint& endpoint : routed.table->endpoints()) {
    auto destination = destination_of(endpoint, store);
    if (!destination) return core::fail(destination.error());
    routed.destinations.push_back(*std::move(destination));
  }
  return routed;
}

}  // namespace headgate::hub
