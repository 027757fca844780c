// Where the rows of a lookup table come from, as a route file declares it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "routing/lookup/row_set.h"

namespace headgate::routing {

struct TableSource {
  enum class Kind : uint8_t {
    file,    // CSV or JSON, read when routes are
    topics,  // retained messages, each of which is a row
    topic,   // one retained message, which is the whole table
  };

  std::string name;
  Kind kind = Kind::file;
  std::string from;   // the file's path, or the topic filter
  std::string key;    // the column or member with the keys; empty: the first column, or the topic's level
  int key_level = 0;  // topics: the level that is the key, from 1; 0: `key` is
  TableLimits limits;
  std::string declared_in;  // a file

  // A file's rows; null: they have not been read, or cannot be, and `fault` says why.
  std::shared_ptr<const RowSet> rows;
  std::string hash;  // of the rows
  std::string fault;
};

// Two declarations of which the rows of one are those of the other, but for what the file holds now.
[[nodiscard]] bool is_same_table(const TableSource& a, const TableSource& b);

// "limits.csv" or "the topic config/+", for people.
[[nodiscard]] std::string describe(const TableSource& source);

// True if a retained message of this topic changes the table.
[[nodiscard]] bool takes_topic(const TableSource& source, std::string_view topic);

// Gives the text of a file of at most so many bytes. Errors: io, invalid, with the file's name in them.
using ReadTable = std::function<core::Result<std::string>(const std::string& path, uint64_t bytes_max)>;

// Reads the rows of all tables that are files. What cannot be read is left with its fault.
void read_tables(std::vector<TableSource>& tables, const ReadTable& read);

}  // namespace headgate::routing
