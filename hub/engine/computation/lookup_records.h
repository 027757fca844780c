// Lookup tables as small values in the store, and the content of a file as an input. Described for outsiders in
// docs/store-format.md ("Values of the hub").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "routing/lookup/row_set.h"
#include "routing/lookup/table_source.h"
#include "store/queue_store.h"

namespace headgate::hub {

inline constexpr std::string_view kLookupPrefix = "lookup/";         // a record for each table, by its name
inline constexpr std::string_view kLookupRowPrefix = "lookup-row/";  // its rows, by its number and their key

// Begins the tag of an input that is the content of a file; the table's name follows.
inline constexpr std::string_view kContentTag = "lookup:";

struct StoredLookup {
  uint32_t number = 0;   // stands for its name in the keys of its rows
  store::Seq since = 0;  // inputs up to that seq came before its first rows, and do not change it
  std::string origin;    // where its rows come from: with another they are not its rows
  std::string hash;      // of the file's rows that are in force; empty: there are none
  std::string sent;      // of those last put among the inputs

  friend bool operator==(const StoredLookup&, const StoredLookup&) = default;
};
[[nodiscard]] store::KeyValue put_lookup(std::string_view table, const StoredLookup& stored);
[[nodiscard]] store::KeyValue erase_lookup(std::string_view table);
// Error: corrupt.
[[nodiscard]] core::Result<StoredLookup> read_lookup(std::string_view key, std::string_view value);

[[nodiscard]] std::string origin_of(const routing::TableSource& source);
// The prefix of the keys of a table's rows.
[[nodiscard]] std::string lookup_rows_prefix(uint32_t number);

// Rows as the body of an input.
[[nodiscard]] std::string content_body(const routing::RowSet& rows);
// Error: corrupt.
[[nodiscard]] core::Result<routing::RowSet> read_content(std::string_view body);

}  // namespace headgate::hub
