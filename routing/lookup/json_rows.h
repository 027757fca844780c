// Rows of lookup tables that are JSON: whole tables in files and retained messages, and single rows.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "routing/lookup/row_set.h"

namespace headgate::routing {

// Reads an object of rows by their key, or an array of objects, each with its key as the member `key`: a text, a number or
// a boolean. A row is an object, or a single value. Comments are allowed. Errors (invalid) begin with `file:`, and with
// the line and column where it is no JSON.
[[nodiscard]] core::Result<RowSet> parse_json_rows(std::string_view text, std::string_view file,
                                                   std::string_view key, const TableLimits& limits);

// A row as the body of a message: JSON that is no array, else its text. `key` is the value of that member; it stays empty
// where `member` is. Error (invalid), as the end of a sentence that begins with "the body".
struct BodyRow {
  std::string key;
  std::string row;
};
[[nodiscard]] core::Result<BodyRow> parse_body_row(std::string_view body, std::string_view member);

}  // namespace headgate::routing
