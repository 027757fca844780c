// Routes with state that have gone, or that compute something else now: what came for them before still counts, then
// their open windows give what they have, and their state goes.
//
// A state that is set aside ends in the same way once that is asked for, and until then takes only what came before: its route
// may come back and go on with it.
//
// Each step is part of a Change of the computer's, so after a crash a drain goes on where it was: a window that was
// given is not given again. Only when all of that is durable are the rest of the state and the record removed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "hub/engine/computation/inputs.h"
#include "hub/engine/computation/running_route.h"
#include "hub/engine/computation/state_records.h"
#include "store/queue_store.h"

namespace headgate::hub {

class Drain {
 public:
  Drain(uint32_t number, StoredDrain stored) : stored_(std::move(stored)) { route_.number = number; }
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  // Compiles its route again and reads its state. What cannot be is not given: its state only goes. Error: io.
  core::Status load(store::QueueStore& store, core::Log& log, std::vector<store::KeyValue>& lost);

  [[nodiscard]] const StoredDrain& stored() const { return stored_; }
  [[nodiscard]] RunningRoute& route() { return route_; }
  [[nodiscard]] const RunningRoute& route() const { return route_; }
  // True while its windows have yet to give what they have.
  [[nodiscard]] bool gives() const { return route_.computation && !given_; }
  // Keeps its windows as they are behind all inputs that came before.
  [[nodiscard]] bool is_aside() const { return stored_.aside; }
  // Lets it end from now on; returns its record.
  const StoredDrain& release();
  void on_given() { given_ = true; }
  // True if its route, as it was, takes that input.
  [[nodiscard]] bool takes(const Input& input);
  // Queues that it leads to.
  void add_queues(std::set<store::QueueId>& queues) const;

  // The Change with its last results was taken, as `seq`, or 0 if nothing had to be stored: nothing of it goes before
  // that is durable.
  void on_committed(store::Seq seq);
  // Removes the next of what it has left, once what it did before is durable. True: nothing is left.
  bool erase(store::QueueStore& store, store::Seq durable);

 private:
  StoredDrain stored_;
  RoutedTable routed_;
  routing::MatchContext context_;
  RunningRoute route_;
  bool given_ = false;
  bool settled_ = false;  // the Change with its last results was taken
  store::Seq waits_for_ = 0;
};

class Drains {
 public:
  // Borrows both; they must outlive this.
  Drains(store::QueueStore& store, core::Log& log) : store_(store), log_(log) {}

  // Begins anew with what the store has. Error: io.
  core::Status restore();
  // Begins one. Its state is durable, and its record is among `changes`.
  core::Status add(uint32_t number, const StoredDrain& stored, std::vector<store::KeyValue>& changes);

  [[nodiscard]] bool empty() const { return drains_.empty(); }
  // State of that number is on its way out.
  [[nodiscard]] bool has(uint32_t number) const { return drains_.contains(number); }
  // No state in the store that is on its way out has a greater number.
  [[nodiscard]] uint32_t last_number() const { return drains_.empty() ? 0 : drains_.rbegin()->first; }
  template <typename Visit>
  void for_each(const Visit& visit) {
    for (auto& [number, drain] : drains_) visit(*drain);
  }
  // Number of the state that is set aside for that route; 0: there is none.
  [[nodiscard]] uint32_t aside_of(std::string_view route) const;
  [[nodiscard]] const StoredDrain& stored(uint32_t number) const { return drains_.at(number)->stored(); }
  // Ends to be one: its route goes on with the state.
  void take_back(uint32_t number, std::vector<store::KeyValue>& changes);
  // All that are set aside end.
  void release(std::vector<store::KeyValue>& changes);
  // Groups of earlier versions of the route that have not given what they have.
  [[nodiscard]] size_t groups_of(std::string_view route) const;
  // Adds what drains have counted since the start.
  void add_counts(routing::RouteCounts& sum) const;
  // Queues that results may still go to.
  [[nodiscard]] std::set<store::QueueId> queues() const;

  void save_changed(std::vector<store::KeyValue>& values);
  void on_committed(store::Seq seq);
  // Removes what has ended. True if one of them is gone.
  bool erase(store::Seq durable);
  void clear() { drains_.clear(); }

 private:
  store::QueueStore& store_;
  core::Log& log_;
  routing::RouteCounts counts_before_;                 // of those that have ended
  std::map<uint32_t, std::unique_ptr<Drain>> drains_;  // by number: in the order in which they began
};

}  // namespace headgate::hub
