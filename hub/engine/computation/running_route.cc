#include "hub/engine/computation/running_route.h"

#include <string>
#include <utility>

#include "hub/engine/computation/records.h"
#include "hub/engine/computation/state_records.h"

namespace headgate::hub {

void save_changed(RunningRoute& route, std::vector<store::KeyValue>& values) {
  if (!std::exchange(route.touched, false)) return;
  route.computation->save_changed(put_under(state_prefix(route.number), values));
}

void add_counts(const RunningRoute& route, routing::RouteCounts& sum) {
  if (route.computation) sum += route.computation->counts();
}

core::Status load_state(RunningRoute& route, const store::QueueStore& store, core::Log& log,
                        std::vector<store::KeyValue>& lost) {
  const auto load = [&route](std::string_view key, std::string_view bytes) {
    return route.computation->load(key, bytes);
  };
  return load_parts(store, state_prefix(route.number), load, lost, log, {"route", route.plan->route});
}

}  // namespace headgate::hub
