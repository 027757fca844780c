// Routes with state: the computations of those in force, and their state in the store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "hub/engine/computation/drains.h"
#include "hub/engine/computation/running_route.h"
#include "hub/engine/computation/state_records.h"
#include "hub/engine/route_set.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A route in force at work.
struct ComputingRoute : RunningRoute {
  std::string text;
  StoredComputation stored;
};

class Computations {
 public:
  // Borrows both; they must outlive this.
  Computations(store::QueueStore& store, core::Log& log) : store_(store), log_(log), drains_(store, log) {}

  // From now on the routes in force, whose messages are looked at with `context`. What the store has is taken over where
  // the plan's signature is the same; else it drains as of `now_hub_ms`, or goes, as the route says. A route that was
  // not there before counts inputs from now on. REQUIRES: all state that was saved is durable. `anew`: also routes that
  // are unchanged go back to what the store has; as after an error. Errors: io, unavailable, full.
  core::Status use(const RouteSet& routes, routing::MatchContext& context, int64_t now_hub_ms, bool anew);

  // On trial the state that a route leaves is set aside, one of each route, and the route goes on with it when it comes back as it
  // was. With the first use() that is not on trial what is left of it ends.
  void on_trial(bool on) { on_trial_ = on; }

  // Null: that route has no state.
  [[nodiscard]] ComputingRoute* find(routing::RouteIndex route);
  [[nodiscard]] const ComputingRoute* find(std::string_view route) const;
  // No route in force has state, and none is on its way out.
  [[nodiscard]] bool empty() const { return routes_.empty() && drains_.empty(); }
  template <typename Visit>
  void for_each(const Visit& visit) {
    for (auto& [name, route] : routes_) visit(*route);
  }
  [[nodiscard]] Drains& drains() { return drains_; }
  [[nodiscard]] const Drains& drains() const { return drains_; }

  // Counts of all that have run since the start.
  [[nodiscard]] routing::RouteCounts counts() const;

  // Adds the state that has changed since it was saved last.
  void save_changed(std::vector<store::KeyValue>& values);

  // No entry of any queue is newer, as of the last use().
  [[nodiscard]] store::Seq latest() const { return latest_; }

 private:
  using Routes = std::map<std::string, std::unique_ptr<ComputingRoute>, std::less<>>;
  using Records = std::map<std::string, StoredComputation, std::less<>>;

  [[nodiscard]] core::Result<Records> read_records(bool anew);
  core::Status mark_now();
  core::Status begin(ComputingRoute& route, const routing::RouteFileEntry& entry, const Records& records);
  void keep_record(ComputingRoute& route, StoredComputation stored);
  core::Status end_those_gone(const RouteSet& routes, const Records& records);
  core::Status let_go(const std::string& route, const StoredComputation& record, bool drains,
                      std::string_view why);
  // True if the route goes on with the state that was set aside for it.
  bool resume(ComputingRoute& route, const std::string& signature, const std::string& record);
  void write_changes();

  store::QueueStore& store_;
  core::Log& log_;
  Drains drains_;
  Routes routes_;
  std::unordered_map<routing::RouteIndex, ComputingRoute*> by_index_;
  std::vector<store::KeyValue> changes_;  // of records and state, by use()
  bool on_trial_ = false;
  uint32_t last_number_ = 0;
  store::Seq latest_ = 0;
  routing::RouteCounts counts_before_;  // of routes that are no more
  int64_t now_hub_ms_ = 0;              // of use()
};

}  // namespace headgate::hub
