#include "hub/engine/computation/computations.h"

#include <algorithm>
#include <utility>

#include "routing/files/route_record.h"

namespace headgate::hub {
namespace {

// A route that need not begin again although the table is another.
bool goes_on(const ComputingRoute& running, const routing::RouteInfo& info,
             const routing::ComputePlan& plan) {
  return running.text == info.text && running.plan->reading.semantics == plan.reading.semantics &&
         running.plan->reading.body == plan.reading.body && running.plan->limits == plan.limits;
}

// The route as it is in force, with the time to live that it has by default.
std::string record_of(const routing::RouteFileEntry& entry, const routing::RouteInfo& info) {
  routing::RouteFileEntry whole = entry;
  whole.ttl_s = info.ttl_s;
  return routing::route_record(whole);
}

// A removed route's windows go the way of its queue.
routing::OnRemove on_remove_of(const std::string& route, const StoredComputation& record) {
  const auto entry = routing::read_route_record(route, record.entry);
  return entry ? entry->queue.on_remove.value_or(routing::OnRemove::drain) : routing::OnRemove::drain;
}

}  // namespace

core::Status Computations::use(const RouteSet& routes, routing::MatchContext& context, int64_t now_hub_ms,
                               bool anew) {
  changes_.clear();
  now_hub_ms_ = now_hub_ms;
  if (anew)
    if (auto restored = drains_.restore(); !restored) return restored;
  const auto records = read_records(anew);
  if (!records) return core::fail(records.error());
  if (auto marked = mark_now(); !marked) return marked;
  Routes before = std::exchange(routes_, {});
  by_index_.clear();
  const GoodRoutes& in_force = routes.in_force();
  for (const routing::RouteIndex index : routes.table().computing()) {
    const routing::RouteInfo& info = routes.table().routes()[index];
    const routing::RouteFileEntry& entry = *in_force.at(info.name);
    std::unique_ptr<ComputingRoute>& route = routes_[info.name];
    const auto known = before.find(info.name);
    const bool stays =
        !anew && known != before.end() && goes_on(*known->second, info, *routes.table().plan(index));
    route = stays ? std::move(known->second) : std::make_unique<ComputingRoute>();
    route->index = index;
    route->routed = &routes.routed();
    route->context = &context;
    by_index_[index] = route.get();
    if (stays) {
      StoredComputation stored = route->stored;
      stored.entry = record_of(entry, info);
      keep_record(*route, std::move(stored));
      continue;
    }
    route->text = info.text;
    route->plan = routes.table().plan(index);
    if (auto begun = begin(*route, entry, *records); !begun) return begun;
  }
  for (const auto& [name, route] : before)
    if (route) add_counts(*route, counts_before_);
  if (auto ended = end_those_gone(routes, *records); !ended) return ended;
  if (!on_trial_) drains_.release(changes_);
  write_changes();
  return {};
}

// A record that cannot be read is removed: its route begins anew. What the last use() wrote may not be durable yet, and
// is known here.
core::Result<Computations::Records> Computations::read_records(bool anew) {
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
  for (const auto& [route, record] : records) last_number_ = std::max(last_number_, record.number);
  std::erase_if(records, [this](const auto& one) { return drains_.has(one.second.number); });
  if (anew) return records;
  for (const auto& [name, route] : routes_) records.insert_or_assign(name, route->stored);
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

// A route whose state was kept while it was away counts from now on.
core::Status Computations::begin(ComputingRoute& route, const routing::RouteFileEntry& entry,
                                 const Records& records) {
  const std::string& name = route.plan->route;
  const std::string signature = routing::plan_signature(*route.plan);
  const std::string record = record_of(entry, route.routed->table->routes()[route.index]);
  route.computation = std::make_unique<routing::Computation>(route.plan);
  const auto known = records.find(name);
  if (known != records.end() && known->second.signature == signature) {
    route.stored = known->second;
    route.number = route.stored.number;
    StoredComputation stored = known->second;
    if (stored.away) stored.since = latest_;
    stored.away = false;
    stored.entry = record;
    keep_record(route, std::move(stored));
    return load_state(route, store_, log_, changes_);
  }
  const bool resumed = resume(route, signature, record);
  if (known != records.end()) {
    const bool drains = entry.on_change == routing::OnChange::drain;
    if (auto gone = let_go(name, known->second, drains, "the route computes something else now"); !gone)
      return gone;
  }
  if (resumed) return load_state(route, store_, log_, changes_);
  route.number = last_number_ = std::max(last_number_, drains_.last_number()) + 1;
  keep_record(route, {route.number, latest_, signature, record});
  return {};
}

// Inputs that came meanwhile were the other plan's.
bool Computations::resume(ComputingRoute& route, const std::string& signature, const std::string& record) {
  const uint32_t number = drains_.aside_of(route.plan->route);
  if (number == 0 || drains_.stored(number).signature != signature) return false;
  const store::Seq until = drains_.stored(number).until;
  drains_.take_back(number, changes_);
  route.number = number;
  keep_record(route, {number, latest_, signature, record, false, until});
  log_.info("route_goes_on", {{"route", route.plan->route}, {"why", "its state was set aside"}});
  return true;
}

void Computations::keep_record(ComputingRoute& route, StoredComputation stored) {
  if (route.stored == stored) return;
  route.stored = std::move(stored);
  changes_.push_back(put_computation(route.plan->route, route.stored));
}

// State of a route that cannot be used just now waits for it.
core::Status Computations::end_those_gone(const RouteSet& routes, const Records& records) {
  const GoodRoutes& in_force = routes.in_force();
  for (const auto& [name, record] : records) {
    if (routes_.contains(name)) continue;
    const auto picks = in_force.find(name);
    const auto how = picks != in_force.end()    ? routing::OnRemove::drain
                     : routes.is_left_out(name) ? routing::OnRemove::keep
                                                : on_remove_of(name, record);
    const bool drains = picks != in_force.end() ? picks->second->on_change == routing::OnChange::drain
                                                : how == routing::OnRemove::drain;
    if (how == routing::OnRemove::keep) {
      StoredComputation away = record;
      away.away = true;
      if (!record.away) changes_.push_back(put_computation(name, away));
      continue;
    }
    changes_.push_back(erase_computation(name));
    if (auto gone = let_go(name, record, drains, "the route is not in force any more"); !gone) return gone;
  }
  return {};
}

core::Status Computations::let_go(const std::string& route, const StoredComputation& record, bool drains,
                                  std::string_view why) {
  const bool gives = drains && !record.entry.empty();
  const bool aside = on_trial_ && !record.away && !record.entry.empty() && drains_.aside_of(route) == 0;
  log_.info(aside   ? "state_set_aside"
            : gives ? "route_drains"
                    : "state_removed",
            {{"route", route}, {"why", why}});
  StoredDrain drain{route, record.away ? 0 : latest_, now_hub_ms_, {}, aside, {}, gives};
  if (gives || aside) drain.entry = record.entry;
  if (aside) drain.signature = record.signature;
  changes_.push_back(put_drain(record.number, drain));
  return drains_.add(record.number, drain, changes_);
}

// Before any input of these routes can be appended. If the store has failed, its owner has been told.
void Computations::write_changes() {
  if (!changes_.empty()) (void)store_.put(changes_);
  changes_.clear();
}

routing::RouteCounts Computations::counts() const {
  routing::RouteCounts sum = counts_before_;
  for (const auto& [name, route] : routes_) add_counts(*route, sum);
  drains_.add_counts(sum);
  return sum;
}

ComputingRoute* Computations::find(routing::RouteIndex route) {
  const auto known = by_index_.find(route);
  return known == by_index_.end() ? nullptr : known->second;
}

const ComputingRoute* Computations::find(std::string_view route) const {
  const auto known = routes_.find(route);
  return known == routes_.end() ? nullptr : known->second.get();
}

void Computations::save_changed(std::vector<store::KeyValue>& values) {
  for (auto& [name, route] : routes_) hub::save_changed(*route, values);
  drains_.save_changed(values);
}

}  // namespace headgate::hub
