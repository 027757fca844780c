#include "hub/engine/computation/lookups.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "hub/engine/computation/records.h"

namespace headgate::hub {

void fill_as_now(routing::LookupTable& table, const RetainedKeeper& retained, core::Now now) {
  const routing::TableSource& source = table.source();
  if (source.kind == routing::TableSource::Kind::file) {
    if (source.rows) table.replace(*source.rows);
    return;
  }
  broker::Retained::Walk walk{source.from};
  size_t looks = std::numeric_limits<size_t>::max();
  (void)retained.all().go_on(walk, looks, now.hub_ms, [&](const core::MessagePtr& message) {
    table.take(*message);
    return true;
  });
}

core::Status Lookups::use(const routing::RouteTable& table, store::Seq latest, bool anew) {
  changes_.clear();
  const auto records = read_records();
  if (!records) return core::fail(records.error());
  if (anew) {
    refused_before_ = totals().refused;
    tables_ = {};
    running_.clear();
  }
  std::set<std::string_view> used;
  for (const auto& source : table.tables()) {
    used.insert(source->name);
    routing::LookupTable* const known = tables_.find(source->name);
    if (known && routing::is_same_table(known->source(), *source))
      known->use(source);
    else if (auto begun = begin(source, *records, latest); !begun)
      return begun;
  }
  for (const auto& [name, record] : *records)
    if (!used.contains(name)) remove(name, record);
  if (!changes_.empty())
    (void)parts_.store.put(changes_);  // if the store has failed, its owner has been told
  changes_.clear();
  return {};
}

// A record that cannot be read is removed: its table begins anew.
core::Result<Lookups::Records> Lookups::read_records() {
  Records records;
  const auto read = parts_.store.for_each(kLookupPrefix, [&](std::string_view key, std::string_view value) {
    auto record = read_lookup(key, value);
    if (record) {
      last_number_ = std::max(last_number_, record->number);
      records.emplace(key.substr(kLookupPrefix.size()), *std::move(record));
    } else {
      parts_.log.warn("state_left_out", {{"why", record.error().what}});
      changes_.push_back(erased(std::string(key)));
    }
    return core::Status();
  });
  if (!read) return core::fail(read.error());
  return records;
}

core::Status Lookups::begin(const std::shared_ptr<const routing::TableSource>& source, const Records& records,
                            store::Seq latest) {
  const auto known = records.find(source->name);
  const bool taken_over = known != records.end() && known->second.origin == origin_of(*source);
  if (known != records.end() && !taken_over) remove(source->name, known->second);
  routing::LookupTable& table = tables_.add(source);
  Running& running = running_[source->name] = {};
  if (taken_over) {
    running.stored = known->second;
    return load(table, running.stored.number);
  }
  running.stored.number = ++last_number_;
  running.stored.since = latest;
  running.stored.origin = origin_of(*source);
  fill(table, running.stored);
  running.changed = true;
  save_one(source->name, changes_);
  return {};
}

core::Status Lookups::load(routing::LookupTable& table, uint32_t number) {
  const auto load = [&table](std::string_view key, std::string_view row) { return table.load(key, row); };
  return load_parts(parts_.store, lookup_rows_prefix(number), load, changes_, parts_.log,
                    {"table", table.source().name});
}

// A publish is retained in memory when its input is appended, so that each publish is either among the rows or an input
// that is yet to come.
void Lookups::fill(routing::LookupTable& table, StoredLookup& stored) {
  fill_as_now(table, parts_.retained, parts_.clock.now());
  const routing::TableSource& source = table.source();
  if (source.kind == routing::TableSource::Kind::file && source.rows) stored.hash = stored.sent = source.hash;
}

void Lookups::remove(const std::string& name, const StoredLookup& record) {
  if (const routing::LookupTable* const table = std::as_const(tables_).find(name))
    refused_before_ += table->refused();
  running_.erase(name);
  tables_.remove(name);
  (void)parts_.store.for_each(lookup_rows_prefix(record.number),
                              [this](std::string_view key, std::string_view) {
                                changes_.push_back(erased(std::string(key)));
                                return core::Status();
                              });
  changes_.push_back(erase_lookup(name));
}

// ---- contents of files ----

store::Seq Lookups::send_contents(store::QueueId inputs) {
  store::Seq last = 0;
  for (auto& [name, running] : running_) {
    const routing::TableSource& source = tables_.find(name)->source();
    if (!source.rows) continue;
    // A content that was sent and is no more among the inputs was purged.
    const bool waits = running.stored.sent != running.stored.hash && parts_.store.stats(inputs).waiting() > 0;
    if (source.hash == (waits ? running.stored.sent : running.stored.hash)) {
      running.fault.clear();
      continue;
    }
    const auto seq = send(source, running, inputs);
    running.fault = seq ? "" : "the rows of the file wait for room: " + seq.error().what;
    if (seq) last = *seq;
  }
  return last;
}

core::Result<store::Seq> Lookups::send(const routing::TableSource& source, Running& running,
                                       store::QueueId inputs) {
  auto message = std::make_shared<core::Message>();
  message->topic = std::string(kLookupPrefix) + source.name;
  message->body = content_body(*source.rows);
  message->qos = 1;
  message->arrived_ms = parts_.clock.now().wall_ms;
  message->arrived_hub_ms = parts_.clock.now().hub_ms;
  store::Target target{inputs, store::kDefaultLane, 0, std::string(kContentTag) + source.name};
  StoredLookup stored = running.stored;
  stored.sent = source.hash;
  const store::KeyValue record = put_lookup(source.name, stored);
  const store::Append append{std::move(message), {&target, 1}};
  auto seq = parts_.store.commit({.appends = {&append, 1}, .values = {&record, 1}, .must_sync = true});
  if (seq) running.stored = std::move(stored);
  return seq;
}

// ---- inputs ----

bool Lookups::is_content(const Input& input) { return input.tag.starts_with(kContentTag); }

// A table is changed by stored inputs alone, by those that came after its first rows.
bool Lookups::changes(const Input& input, const routing::LookupTable& table) const {
  const routing::TableSource& source = table.source();
  if (input.seq <= running_.find(source.name)->second.stored.since) return false;
  const bool is_file = source.kind == routing::TableSource::Kind::file;
  if (is_content(input)) return is_file && input.tag.substr(kContentTag.size()) == source.name;
  return input.message->retain && routing::takes_topic(source, input.message->topic);
}

bool Lookups::is_changed_by(const Input& input) const {
  bool any = false;
  tables_.for_each([&](const routing::LookupTable& table) { any = any || changes(input, table); });
  return any;
}

void Lookups::take(const Input& input) {
  tables_.for_each([&](routing::LookupTable& table) {
    if (!changes(input, table)) return;
    if (is_content(input))
      take_content(input, table);
    else
      table.take(*input.message);
  });
}

void Lookups::take_content(const Input& input, routing::LookupTable& table) {
  const std::string& name = table.source().name;
  const auto rows = read_content(input.message->body);
  if (!rows) {
    parts_.log.warn("state_left_out", {{"table", name}, {"why", rows.error().what}});
    return;
  }
  table.replace(*rows);
  Running& running = running_.find(name)->second;
  running.stored.hash = rows->hash();
  running.changed = true;
}

void Lookups::save_changed(std::vector<store::KeyValue>& values) {
  for (const auto& [name, running] : running_) save_one(name, values);
}

void Lookups::save_one(const std::string& name, std::vector<store::KeyValue>& values) {
  Running& running = running_.find(name)->second;
  tables_.find(name)->save_changed(put_under(lookup_rows_prefix(running.stored.number), values));
  if (std::exchange(running.changed, false)) values.push_back(put_lookup(name, running.stored));
}

Lookups::Totals Lookups::totals() const {
  Totals totals;
  totals.refused = refused_before_;
  tables_.for_each([&](const routing::LookupTable& table) {
    totals.rows += table.size();
    totals.bytes += table.bytes();
    totals.refused += table.refused();
  });
  return totals;
}

void Lookups::describe(LookupInfo& info) const {
  const auto running = running_.find(info.name);
  if (running == running_.end()) return;
  const routing::LookupTable& table = *tables_.find(info.name);
  info.in_force = true;
  info.rows = table.size();
  info.bytes = table.bytes();
  info.hash = running->second.stored.hash;
  info.refused = table.refused();
  if (info.fault.empty()) info.fault = running->second.fault.empty() ? table.fault() : running->second.fault;
}

}  // namespace headgate::hub
