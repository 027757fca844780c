#include "hub/engine/computation/running_route.h"

#include <string>
#include <utility>

#include "hub/engine/computation/state_records.h"

namespace headgate::hub {

void save_changed(RunningRoute& route, std::vector<store::KeyValue>& values) {
  if (!std::exchange(route.touched, false)) return;
  const std::string prefix = state_prefix(route.number);
  route.computation->save_changed([&](std::string_view key, std::optional<std::string> bytes) {
    values.push_back({std::string(prefix).append(key), std::move(bytes)});
  });
}

void add_counts(const RunningRoute& route, routing::ComputeCounts& sum) {
  if (!route.computation) return;
  using Counts = routing::ComputeCounts;
  const Counts& counts = route.computation->counts();
  for (uint64_t Counts::*const member :
       {&Counts::evaluated, &Counts::matched, &Counts::undefined, &Counts::type_errors, &Counts::late,
        &Counts::late_dropped, &Counts::early, &Counts::evicted, &Counts::results})
    sum.*member += counts.*member;
}

core::Status load_state(RunningRoute& route, const store::QueueStore& store, core::Log& log,
                        std::vector<store::KeyValue>& lost) {
  const std::string prefix = state_prefix(route.number);
  uint64_t unreadable = 0;
  const auto loaded = store.for_each(prefix, [&](std::string_view key, std::string_view value) {
    if (!route.computation->load(key.substr(prefix.size()), value)) {
      ++unreadable;
      lost.push_back({std::string(key), std::nullopt});
    }
    return core::Status();
  });
  if (unreadable > 0)
    log.warn("state_left_out", {{"route", route.plan->route},
                                {"entries", unreadable},
                                {"why", "it was written by another version"}});
  return loaded;
}

}  // namespace headgate::hub
