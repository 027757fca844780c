// A lookup table in force: its rows, and what of them has to be stored. Pure: no I/O, no clock; the same changes give
// the same rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/message.h"
#include "routing/lookup/table_source.h"

namespace headgate::routing {

class LookupTable {
 public:
  explicit LookupTable(std::shared_ptr<const TableSource> source) : source_(std::move(source)) {}

  [[nodiscard]] const TableSource& source() const { return *source_; }
  // Takes another declaration of the table: other limits, another content of the file.
  void use(std::shared_ptr<const TableSource> source) { source_ = std::move(source); }

  // JSON text; empty: there is no such row. Good until the next change.
  [[nodiscard]] std::string_view row(std::string_view key) const;
  [[nodiscard]] size_t size() const { return rows_.size(); }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  // Rows behind that key, at most so many, in the order of their keys; each as key and JSON text. Empty: there are none.
  // Good until the next change.
  using RowViews = std::vector<std::pair<std::string_view, std::string_view>>;
  [[nodiscard]] RowViews rows_after(std::string_view key, size_t count) const;

  // The rows of a file, or of a whole table, from now on. Rows that stay as they are need not be stored again.
  void replace(const RowSet& rows);
  // Takes a retained message of one of its topics: a row, or the whole table; an empty body removes it. One that cannot
  // be a row, or for which there is no room, changes nothing and counts as refused.
  void take(const core::Message& message);
  [[nodiscard]] uint64_t refused() const { return refused_; }
  // Why the last was refused, for people: with the topic.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  // Rows that changed since the last call, each once: `put(key, bytes)`, nullopt bytes: it is gone. Keys have no prefix.
  using Put = std::function<void(std::string_view key, std::optional<std::string> bytes)>;
  void save_changed(const Put& put);
  // Forgets which rows have changed: nobody stores them.
  void forget_changes() { changed_.clear(); }
  // Reads back what save_changed() gave, before anything else. False: it was not written by this code.
  [[nodiscard]] bool load(std::string_view key, std::string_view bytes);

 private:
  // `topic`: the one that the row came from; empty: it came with the whole table.
  struct Row {
    std::string json;
    std::string topic;
  };

  core::Status take_whole(const core::Message& message);
  core::Status take_row(const core::Message& message);
  core::Status set(std::string key, Row row);
  core::Status check_room(std::string_view key, const Row& row) const;
  void put_row(const std::string& key, Row row);
  void erase(const std::string& key);
  void erase_of(const std::string& topic);

  std::shared_ptr<const TableSource> source_;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, Row, Hash, std::equal_to<>> rows_;
  std::unordered_map<std::string, std::string> keys_;  // by topic
  std::set<std::string> changed_;
  uint64_t bytes_ = 0;
  uint64_t refused_ = 0;
  std::string fault_;
};

}  // namespace headgate::routing
