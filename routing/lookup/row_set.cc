#include "routing/lookup/row_set.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace headgate::routing {
namespace {

constexpr uint64_t kRowOverheadBytes = 96;              // of a node of a map, and of its strings
constexpr double kWholeKeysBelow = 9007199254740992.0;  // 2^53

core::Unexpected refused(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

// FNV-1a. The end of each text counts, so that "ab", "c" is not "a", "bc".
uint64_t mixed(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211U;
  return (hash ^ 0xFFU) * 1099511628211U;
}

}  // namespace

uint64_t row_bytes(std::string_view key, std::string_view row) {
  return key.size() + row.size() + kRowOverheadBytes;
}

bool append_number_key(std::string& key, double number) {
  if (!std::isfinite(number)) return false;
  char digits[32];
  const bool whole = std::abs(number) < kWholeKeysBelow && number == std::trunc(number);
  const auto end = whole ? std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(number))
                         : std::to_chars(digits, digits + sizeof digits, number);
  key.append(digits, end.ptr);
  return true;
}

core::Status RowSet::add(std::string key, std::string row) {
  if (key.empty()) return refused("the key is empty");
  if (key.size() > kTableKeyBytesMax)
    return refused("the key has " + std::to_string(key.size()) + " bytes, a key at most " +
                   std::to_string(kTableKeyBytesMax));
  if (row.size() > limits_.row_bytes_max)
    return refused("the row has " + std::to_string(row.size()) + " bytes, a row of this table at most " +
                   std::to_string(limits_.row_bytes_max) + " (\"maxRowBytes\")");
  if (rows_.contains(key)) return refused("another row has the key \"" + key + "\"");
  if (rows_.size() == limits_.rows_max)
    return refused("the table has at most " + std::to_string(limits_.rows_max) + " rows (\"maxRows\")");
  const uint64_t bytes = bytes_ + row_bytes(key, row);
  if (bytes > limits_.bytes_max)
    return refused("the table has at most " + std::to_string(limits_.bytes_max) +
                   " bytes (\"maxBytes\"), and this row makes it " + std::to_string(bytes));
  bytes_ = bytes;
  rows_.emplace(std::move(key), std::move(row));
  return {};
}

std::string RowSet::hash() const {
  uint64_t hash = 14695981039346656037U;
  for (const auto& [key, row] : rows_) hash = mixed(mixed(hash, key), row);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace headgate::routing
