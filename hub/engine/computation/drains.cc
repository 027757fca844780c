#include "hub/engine/computation/drains.h"

#include <algorithm>
#include <string>
#include <utility>

#include "routing/files/route_check.h"
#include "routing/files/route_record.h"

namespace headgate::hub {
namespace {

// A turn of the loop removes no more.
constexpr size_t kErasedAtOnce = 4096;

// Declarations of the tables that a route looks up in: whether it was right to was asked when it came.
std::vector<routing::TableSource> lookups_of(const routing::RouteFileEntry& entry) {
  std::vector<routing::Diagnostic> ignored;
  const auto compiled = routing::compile_route(entry.text, entry.semantics, entry.body, ignored);
  std::vector<routing::TableSource> tables;
  if (!compiled) return tables;
  for (const routing::Lookup& lookup : compiled->query.lookups) tables.emplace_back().name = lookup.table;
  return tables;
}

// A table of that one route; null: it does not compile any more, or has no state.
std::shared_ptr<const routing::RouteTable> table_of(const StoredDrain& stored) {
  const auto entry = routing::read_route_record(stored.route, stored.entry);
  if (!entry) return nullptr;
  auto table = routing::RouteTable::build(routing::route_specs({*entry}, 0), lookups_of(*entry)).table;
  return table->computing().empty() ? nullptr : table;
}

}  // namespace

core::Status Drain::load(store::QueueStore& store, core::Log& log, std::vector<store::KeyValue>& lost) {
  if (stored_.entry.empty()) return {};
  auto table = table_of(stored_);
  if (!table) {
    log.warn("route_cannot_drain",
             {{"route", stored_.route},
              {"why", "its earlier version does not compile in this version of the hub"},
              {"effect", "its open windows give no result"}});
    return {};
  }
  auto routed = open_queues(std::move(table), store);
  if (!routed) return core::fail(routed.error());
  routed_ = *std::move(routed);
  route_.routed = &routed_;
  route_.context = &context_;
  route_.plan = routed_.table->plan(0);
  route_.computation = std::make_unique<routing::Computation>(route_.plan);
  return load_state(route_, store, log, lost);
}

bool Drain::takes(const Input& input) {
  if (!gives() || input.place > stored_.until) return false;
  context_.set_unchanged(input.unchanged);
  return !routed_.table->takers(*input.message, context_).empty();
}

const StoredDrain& Drain::release() {
  stored_.aside = false;
  if (!stored_.gives) {
    stored_.entry.clear();
    route_.computation.reset();
  }
  return stored_;
}

void Drain::add_queues(std::set<store::QueueId>& queues) const {
  if (!gives()) return;
  for (const Destination& to : routed_.destinations)
    if (to.queue != 0) queues.insert(to.queue);
}

void Drain::on_committed(store::Seq seq) {
  if (!given_ || settled_) return;
  settled_ = true;
  waits_for_ = seq;
}

bool Drain::erase(store::QueueStore& store, store::Seq durable) {
  if (is_aside() || gives() || (given_ && !settled_) || waits_for_ > durable) return false;
  std::vector<store::KeyValue> gone;
  bool all = true;
  (void)store.for_each(state_prefix(route_.number), [&](std::string_view key, std::string_view) {
    all = gone.size() < kErasedAtOnce;
    if (!all) return core::Status(core::fail(core::Errc::full, "enough"));
    gone.push_back({std::string(key), std::nullopt});
    return core::Status();
  });
  if (all) gone.push_back(erase_drain(route_.number));
  const auto seq = store.put(gone);
  if (!seq) return false;
  waits_for_ = *seq;
  return all;
}

core::Status Drains::restore() {
  for (const auto& [number, drain] : drains_) hub::add_counts(drain->route(), counts_before_);
  drains_.clear();
  std::vector<store::KeyValue> changes;
  std::vector<std::pair<uint32_t, StoredDrain>> found;
  const auto read = store_.for_each(kDrainPrefix, [&](std::string_view key, std::string_view value) {
    auto drain = read_drain(key, value);
    if (!drain) log_.warn("state_left_out", {{"why", drain.error().what}});
    found.emplace_back(drain_number(key), drain ? *std::move(drain) : StoredDrain());
    return core::Status();
  });
  if (!read) return read;
  for (const auto& [number, stored] : found)
    if (auto added = add(number, stored, changes); !added) return added;
  if (!changes.empty()) (void)store_.put(changes);  // if the store has failed, its owner has been told
  return {};
}

core::Status Drains::add(uint32_t number, const StoredDrain& stored, std::vector<store::KeyValue>& changes) {
  auto drain = std::make_unique<Drain>(number, stored);
  if (auto loaded = drain->load(store_, log_, changes); !loaded) return loaded;
  drains_[number] = std::move(drain);
  return {};
}

uint32_t Drains::aside_of(std::string_view route) const {
  const auto found = std::ranges::find_if(drains_, [&](const auto& one) {
    return one.second->is_aside() && one.second->stored().route == route;
  });
  return found == drains_.end() ? 0 : found->first;
}

void Drains::take_back(uint32_t number, std::vector<store::KeyValue>& changes) {
  const auto drain = drains_.find(number);
  hub::add_counts(drain->second->route(), counts_before_);
  drains_.erase(drain);
  changes.push_back(erase_drain(number));
}

void Drains::release(std::vector<store::KeyValue>& changes) {
  for (auto& [number, drain] : drains_)
    if (drain->is_aside()) changes.push_back(put_drain(number, drain->release()));
}

size_t Drains::groups_of(std::string_view route) const {
  size_t groups = 0;
  for (const auto& [number, drain] : drains_)
    if (drain->gives() && !drain->is_aside() && drain->stored().route == route)
      groups += drain->route().computation->groups();
  return groups;
}

std::set<store::QueueId> Drains::queues() const {
  std::set<store::QueueId> queues;
  for (const auto& [number, drain] : drains_) drain->add_queues(queues);
  return queues;
}

void Drains::save_changed(std::vector<store::KeyValue>& values) {
  for (auto& [number, drain] : drains_)
    if (drain->route().computation) hub::save_changed(drain->route(), values);
}

void Drains::on_committed(store::Seq seq) {
  for (auto& [number, drain] : drains_) drain->on_committed(seq);
}

void Drains::add_counts(routing::RouteCounts& sum) const {
  sum += counts_before_;
  for (const auto& [number, drain] : drains_) hub::add_counts(drain->route(), sum);
}

bool Drains::erase(store::Seq durable) {
  const auto ends = [&](auto& one) {
    if (!one.second->erase(store_, durable)) return false;
    hub::add_counts(one.second->route(), counts_before_);
    return true;
  };
  return std::erase_if(drains_, ends) > 0;
}

}  // namespace headgate::hub
