#include "routing/trial/row_comparison.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

namespace headgate::routing {
namespace {

// Rows of one window in which groups are looked for by their members; of more, only equal rows are found.
constexpr size_t kPairedRowsMax = 256;

void append_part(std::string& key, std::string_view part) { key.append(part).push_back('\0'); }

// Names a row, whatever it says.
std::string key_of(const TimedRow& timed) {
  const TrialRow& row = timed.row;
  const bool of_window = row.start_ms != 0 || row.end_ms != 0;
  std::string key;
  append_part(key, timed.route);
  append_part(key, row.to);
  append_part(key, row.topic);
  append_part(key, std::to_string(of_window ? row.start_ms : timed.at_ms));
  append_part(key, std::to_string(row.end_ms));
  append_part(key, std::to_string(row.rev));
  append_part(key, row.too_late ? "late" : "");
  return key;
}

std::string identity_of(const TimedRow& timed) {
  std::string identity = key_of(timed);
  append_part(identity, timed.row.complete ? "" : "incomplete");
  return identity.append(timed.row.body);
}

// Members of a JSON object as `"name":value`; empty for anything else.
std::set<std::string> members_of(const std::string& body) {
  const auto json = nlohmann::ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  std::set<std::string> members;
  if (!json.is_object()) return members;
  for (const auto& [name, value] : json.items()) {
    std::string member = name;
    append_part(member, "");
    members.insert(member + value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }
  return members;
}

size_t count_shared(const std::set<std::string>& a, const std::set<std::string>& b) {
  return static_cast<size_t>(
      std::ranges::count_if(a, [&b](const std::string& one) { return b.contains(one); }));
}

// For each row of the version before the place of the one after that it has become; nullopt: none.
std::vector<std::optional<size_t>> find_pairs(const std::vector<TimedRow>& before,
                                              const std::vector<TimedRow>& after) {
  std::vector<std::optional<size_t>> pairs(before.size());
  if (before.size() == 1 && after.size() == 1) return {0};
  if (std::max(before.size(), after.size()) > kPairedRowsMax) return pairs;
  std::vector<std::set<std::string>> members;
  for (const TimedRow& one : after) members.push_back(members_of(one.row.body));
  std::vector<bool> taken(after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    const auto own = members_of(before[i].row.body);
    size_t most = 0;
    for (size_t j = 0; j < after.size(); ++j) {
      const size_t count = taken[j] ? 0 : count_shared(own, members[j]);
      if (count <= most) continue;
      most = count;
      pairs[i] = j;
    }
    if (pairs[i]) taken[*pairs[i]] = true;
  }
  return pairs;
}

}  // namespace

void RowComparison::add(TimedRow row, Open& own, Open& others) {
  Counts& counts = counts_[row.route];
  std::string identity = identity_of(row);
  const auto other = others.find(identity);
  if (other == others.end()) {
    own[std::move(identity)].push_back(std::move(row));
    return;
  }
  ++counts.same;
  other->second.pop_front();
  if (other->second.empty()) others.erase(other);
}

void RowComparison::note(RowChange::Kind kind, TimedRow row, std::vector<RowChange>& changes) {
  Counts& counts = counts_[row.route];
  ++(kind == RowChange::Kind::added ? counts.added : counts.gone);
  changes.push_back({kind, std::move(row), {}});
}

void RowComparison::pair(Bucket& bucket, std::vector<RowChange>& changes) {
  const auto pairs = find_pairs(bucket.before, bucket.after);
  std::vector<bool> paired(bucket.after.size());
  for (size_t i = 0; i < bucket.before.size(); ++i) {
    TimedRow& before = bucket.before[i];
    if (!pairs[i]) {
      note(RowChange::Kind::gone, std::move(before), changes);
      continue;
    }
    paired[*pairs[i]] = true;
    ++counts_[before.route].changed;
    changes.push_back({RowChange::Kind::changed, std::move(bucket.after[*pairs[i]]), std::move(before)});
  }
  for (size_t j = 0; j < bucket.after.size(); ++j)
    if (!paired[j]) note(RowChange::Kind::added, std::move(bucket.after[j]), changes);
}

std::vector<RowChange> RowComparison::finish() {
  std::map<std::string, Bucket> buckets;
  const auto collect = [&buckets](Open& open, std::vector<TimedRow> Bucket::*side) {
    std::map<std::string, std::deque<TimedRow>> sorted(std::make_move_iterator(open.begin()),
                                                       std::make_move_iterator(open.end()));
    for (auto& [identity, rows] : sorted)
      for (TimedRow& row : rows) (buckets[key_of(row)].*side).push_back(std::move(row));
    open.clear();
  };
  collect(before_, &Bucket::before);
  collect(after_, &Bucket::after);
  std::vector<RowChange> changes;
  for (auto& [key, bucket] : buckets) pair(bucket, changes);
  std::ranges::stable_sort(changes, {}, [](const RowChange& change) { return change.row.at_ms; });
  return changes;
}

}  // namespace headgate::routing
