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
#include "hub/engine/computation/state_records.h"
#include "routing/compute/computation.h"
#include "routing/table/route_table.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A route at work.
struct RunningRoute {
  routing::RouteIndex index = 0;  // into the table in force
  std::string text;
  std::shared_ptr<const routing::ComputePlan> plan;
  StoredComputation stored;
  std::unique_ptr<routing::Computation> computation;
  uint8_t hops = 0;      // the most of what it has taken since its last result
  bool touched = false;  // since its state was last saved
};

class Computations {
 public:
  // Borrows both; they must outlive this.
  Computations(store::QueueStore& store, core::Log& log) : store_(store), log_(log) {}

  // From now on the routes of this table. What the store has is taken over where the plan's signature is the same,
  // else removed. A route that was not there before counts inputs from now on. REQUIRES: all state that was saved is
  // durable. `anew`: also routes that are unchanged go back to what the store has; as after an error. Errors: io,
  // unavailable, full.
  core::Status use(const routing::RouteTable& table, bool anew);

  // Null: that route has no state.
  [[nodiscard]] RunningRoute* find(routing::RouteIndex route);
  [[nodiscard]] const RunningRoute* find(std::string_view route) const;
  [[nodiscard]] bool empty() const { return routes_.empty(); }
  template <typename Visit>
  void for_each(const Visit& visit) {
    for (auto& [name, route] : routes_) visit(*route);
  }

  // Adds the state that has changed since it was saved last.
  void save_changed(std::vector<store::KeyValue>& values);

  // No entry of any queue is newer, as of the last use().
  [[nodiscard]] store::Seq latest() const { return latest_; }

 private:
  using Routes = std::map<std::string, std::unique_ptr<RunningRoute>, std::less<>>;
  using Records = std::map<std::string, StoredComputation, std::less<>>;

  [[nodiscard]] core::Result<Records> read_records();
  core::Status mark_now();
  void remove(const std::string& route, const StoredComputation& record, std::string_view why);
  core::Status begin(RunningRoute& route, const Records& records);
  core::Status load(RunningRoute& route);
  void erase_state(uint32_t number);
  void write_changes();

  store::QueueStore& store_;
  core::Log& log_;
  Routes routes_;
  std::unordered_map<routing::RouteIndex, RunningRoute*> by_index_;
  std::vector<store::KeyValue> changes_;  // of records and state, by use()
  uint32_t last_number_ = 0;
  store::Seq latest_ = 0;
};

}  // namespace headgate::hub
