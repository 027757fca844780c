#include "routing/lookup/table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/topic.h"
#include "routing/lookup/json_rows.h"

namespace headgate::routing {
namespace {

constexpr char kRowVersion = 1;
constexpr char kEndOfTopic = '\0';  // no topic holds it

core::Unexpected no_row(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

// Before it is parsed, which takes memory.
core::Status check_size(std::string_view body, uint64_t bytes_max, std::string_view key) {
  if (body.size() <= bytes_max) return {};
  return no_row("the body has " + std::to_string(body.size()) + " bytes, at most " +
                std::to_string(bytes_max) + " are taken (\"" + std::string(key) + "\")");
}

std::string level_of(std::string_view topic, int level) {
  core::TopicLevels levels(topic);
  std::optional<std::string_view> found;
  for (int i = 0; i < level; ++i) found = levels.next();
  return std::string(found.value_or(""));
}

}  // namespace

std::string_view LookupTable::row(std::string_view key) const {
  const auto known = rows_.find(key);
  return known == rows_.end() ? std::string_view() : std::string_view(known->second.json);
}

LookupTable::RowViews LookupTable::rows_after(std::string_view key, size_t count) const {
  RowViews rows;
  for (const auto& [name, row] : rows_)
    if (name > key) rows.emplace_back(name, row.json);
  const size_t wanted = std::min(count, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(wanted), rows.end());
  rows.resize(wanted);
  return rows;
}

void LookupTable::replace(const RowSet& rows) {
  std::vector<std::string> gone;
  for (const auto& [key, row] : rows_)
    if (!rows.rows().contains(key)) gone.push_back(key);
  for (const std::string& key : gone) erase(key);
  for (const auto& [key, json] : rows.rows()) put_row(key, {json, {}});
}

void LookupTable::take(const core::Message& message) {
  const bool whole = source_->kind == TableSource::Kind::topic;
  const core::Status taken = whole ? take_whole(message) : take_row(message);
  if (taken) return;
  ++refused_;
  fault_ = message.topic + ": " + taken.error().what;
}

core::Status LookupTable::take_whole(const core::Message& message) {
  if (message.body.empty()) return replace(RowSet()), core::Status();
  if (auto small = check_size(message.body, source_->limits.bytes_max, "maxBytes"); !small) return small;
  const auto rows = parse_json_rows(message.body, "the body", source_->key, source_->limits);
  if (!rows) return core::fail(rows.error());
  replace(*rows);
  return {};
}

core::Status LookupTable::take_row(const core::Message& message) {
  if (message.body.empty()) return erase_of(message.topic), core::Status();
  if (auto small = check_size(message.body, source_->limits.row_bytes_max, "maxRowBytes"); !small)
    return small;
  auto read = parse_body_row(message.body, source_->key);
  if (!read) return no_row("the body " + read.error().what);
  if (source_->key_level > 0) read->key = level_of(message.topic, source_->key_level);
  return set(std::move(read->key), {std::move(read->row), message.topic});
}

core::Status LookupTable::set(std::string key, Row row) {
  if (auto room = check_room(key, row); !room) return room;
  const auto before = keys_.find(row.topic);
  if (before != keys_.end() && before->second != key) erase_of(row.topic);
  put_row(key, std::move(row));
  return {};
}

core::Status LookupTable::check_room(std::string_view key, const Row& row) const {
  RowSet alone(source_->limits);
  if (auto fits = alone.add(std::string(key), row.json); !fits) return fits;
  const auto known = rows_.find(key);
  const uint64_t before = known == rows_.end() ? 0 : row_bytes(key, known->second.json);
  const TableLimits& limits = source_->limits;
  if (before == 0 && rows_.size() >= limits.rows_max)
    return no_row("the table has at most " + std::to_string(limits.rows_max) + " rows (\"maxRows\")");
  if (bytes_ - before + row_bytes(key, row.json) > limits.bytes_max)
    return no_row("the table has at most " + std::to_string(limits.bytes_max) + " bytes (\"maxBytes\")");
  return {};
}

void LookupTable::put_row(const std::string& key, Row row) {
  Row& known = rows_[key];
  if (known.json == row.json && known.topic == row.topic) return;
  if (!known.json.empty()) bytes_ -= row_bytes(key, known.json);
  if (known.topic != row.topic) keys_.erase(known.topic);
  bytes_ += row_bytes(key, row.json);
  if (!row.topic.empty()) keys_[row.topic] = key;
  known = std::move(row);
  changed_.insert(key);
}

void LookupTable::erase(const std::string& key) {
  const auto known = rows_.find(key);
  if (known == rows_.end()) return;
  bytes_ -= row_bytes(key, known->second.json);
  keys_.erase(known->second.topic);
  rows_.erase(known);
  changed_.insert(key);
}

// A row that another topic has given since stays.
void LookupTable::erase_of(const std::string& topic) {
  const auto known = keys_.find(topic);
  if (known != keys_.end()) erase(std::string(known->second));
}

void LookupTable::save_changed(const Put& put) {
  for (const std::string& key : std::exchange(changed_, {})) {
    const auto known = rows_.find(key);
    if (known == rows_.end()) {
      put(key, std::nullopt);
      continue;
    }
    std::string bytes(1, kRowVersion);
    bytes.append(known->second.topic).push_back(kEndOfTopic);
    put(key, bytes.append(known->second.json));
  }
}

bool LookupTable::load(std::string_view key, std::string_view bytes) {
  const size_t end = bytes.find(kEndOfTopic);
  if (key.empty() || bytes.empty() || bytes.front() != kRowVersion || end == std::string_view::npos)
    return false;
  put_row(std::string(key), {std::string(bytes.substr(end + 1)), std::string(bytes.substr(1, end - 1))});
  changed_.erase(std::string(key));
  return true;
}

}  // namespace headgate::routing
