#include "hub/engine/computation/computations.h"

#include <algorithm>
#include <utility>

namespace headgate::hub {
namespace {

// A route that need not begin again although the table is another.
bool goes_on(const RunningRoute& running, const routing::RouteInfo& info, const routing::ComputePlan& plan) {
  return running.text == info.text && running.plan->reading.semantics == plan.reading.semantics &&
         running.plan->reading.body == plan.reading.body && running.plan->limits == plan.limits;
}

}  // namespace

core::Status Computations::use(const routing::RouteTable& table, bool anew) {
  changes_.clear();
  const auto records = read_records();
  if (!records) return core::fail(records.error());
  if (auto marked = mark_now(); !marked) return marked;
  Routes before = std::exchange(routes_, {});
  by_index_.clear();
  for (const routing::RouteIndex index : table.computing()) {
    const routing::RouteInfo& info = table.routes()[index];
    std::unique_ptr<RunningRoute>& route = routes_[info.name];
    const auto known = before.find(info.name);
    const bool stays = !anew && known != before.end() && goes_on(*known->second, info, *table.plan(index));
    if (stays) {
      route = std::move(known->second);
    } else {
      route = std::make_unique<RunningRoute>();
      route->text = info.text;
      route->plan = table.plan(index);
      if (auto begun = begin(*route, *records); !begun) return begun;
    }
    route->index = index;
    by_index_[index] = route.get();
  }
  for (const auto& [name, record] : *records)
    if (!routes_.contains(name)) remove(name, record, "the route is not in force any more");
  write_changes();
  return {};
}

// A record that cannot be read is removed: its route begins anew.
core::Result<Computations::Records> Computations::read_records() {
  Records records;
  const auto read = store_.for_each(kComputationPrefix, [&](std::string_view key, std::string_view value) {
    auto record = read_computation(key, value);
    if (record) {
      records.emplace(key.substr(kComputationPrefix.size()), *std::move(record));
    } else {
      log_.warn("state_left_out", {{"why", record.error().what}});
      changes_.push_back({std::string(key), std::nullopt});
    }
    return core::Status();
  });
  if (!read) return core::fail(read.error());
  return records;
}

// Takes a seq: what is appended later has a greater one.
core::Status Computations::mark_now() {
  static const auto kNothing = std::make_shared<const core::Message>();
  const store::Append mark{kNothing, {}};
  const auto seq = store_.commit({.appends = {&mark, 1}, .must_sync = true});
  if (!seq) return core::fail(seq.error());
  latest_ = *seq;
  return {};
}

core::Status Computations::begin(RunningRoute& route, const Records& records) {
  const std::string& name = route.plan->route;
  const std::string signature = routing::plan_signature(*route.plan);
  route.computation = std::make_unique<routing::Computation>(route.plan);
  const auto known = records.find(name);
  if (known != records.end() && known->second.signature == signature) {
    route.stored = known->second;
    return load(route);
  }
  if (known != records.end()) remove(name, known->second, "the route computes something else now");
  for (const auto& [other, record] : records) last_number_ = std::max(last_number_, record.number);
  route.stored = {++last_number_, latest_, signature};
  changes_.push_back(put_computation(name, route.stored));
  return {};
}

core::Status Computations::load(RunningRoute& route) {
  const std::string prefix = state_prefix(route.stored.number);
  uint64_t unreadable = 0;
  const auto loaded = store_.for_each(prefix, [&](std::string_view key, std::string_view value) {
    if (!route.computation->load(key.substr(prefix.size()), value)) {
      ++unreadable;
      changes_.push_back({std::string(key), std::nullopt});
    }
    return core::Status();
  });
  if (unreadable > 0)
    log_.warn("state_left_out", {{"route", route.plan->route},
                                 {"entries", unreadable},
                                 {"why", "it was written by another version"}});
  return loaded;
}

void Computations::remove(const std::string& route, const StoredComputation& record, std::string_view why) {
  log_.info("state_removed", {{"route", route}, {"why", why}});
  erase_state(record.number);
  changes_.push_back(erase_computation(route));
}

void Computations::erase_state(uint32_t number) {
  (void)store_.for_each(state_prefix(number), [this](std::string_view key, std::string_view) {
    changes_.push_back({std::string(key), std::nullopt});
    return core::Status();
  });
}

// Before any input of these routes can be appended. If the store has failed, its owner has been told.
void Computations::write_changes() {
  if (!changes_.empty()) (void)store_.put(changes_);
  changes_.clear();
}

RunningRoute* Computations::find(routing::RouteIndex route) {
  const auto known = by_index_.find(route);
  return known == by_index_.end() ? nullptr : known->second;
}

const RunningRoute* Computations::find(std::string_view route) const {
  const auto known = routes_.find(route);
  return known == routes_.end() ? nullptr : known->second.get();
}

void Computations::save_changed(std::vector<store::KeyValue>& values) {
  for (auto& [name, route] : routes_) {
    if (!std::exchange(route->touched, false)) continue;
    const std::string prefix = state_prefix(route->stored.number);
    route->computation->save_changed([&](std::string_view key, std::optional<std::string> bytes) {
      values.push_back({std::string(prefix).append(key), std::move(bytes)});
    });
  }
}

}  // namespace headgate::hub
