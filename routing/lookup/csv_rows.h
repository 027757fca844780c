// A lookup table in a CSV file: RFC 4180, with a header line that names the members.
#pragma once

#include <string_view>

#include "core/result.h"
#include "routing/lookup/row_set.h"

namespace headgate::routing {

// Reads one row a record. `key`: the column with the keys; empty: the first. A field without quotes that is a number of
// JSON's is one, `true` and `false` are booleans, an empty one is left out; in quotes all is text. A key is text as it is
// written. UTF-8, with or without a byte order mark; lines end with LF or CRLF; blank lines are passed over.
// Errors (invalid) read `file:line:column: …`, columns in bytes from 1.
[[nodiscard]] core::Result<RowSet> parse_csv_rows(std::string_view text, std::string_view file,
                                                  std::string_view key, const TableLimits& limits);

}  // namespace headgate::routing
