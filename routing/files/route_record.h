// A route as text that a hub keeps, so that it knows the last good version when the file is broken. Unlike a
// route file it holds what follows from the rest of its file: the time to live of a manifest, the semantics.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "routing/files/route_file.h"

namespace headgate::routing {

// JSON, {"file", "ttl_s", "route": {…}, "schemas": {file: text}}; read_route_record() gives an equal entry. `route` has the
// keys of a route file. Texts of schemas are in it, so that a route outlives the files that it names.
[[nodiscard]] std::string route_record(const RouteFileEntry& entry);

// Errors: invalid, when it is none that this version can read.
[[nodiscard]] core::Result<RouteFileEntry> read_route_record(std::string_view name, std::string_view record);

// Text of a route file that read by parse_route_file() gives equal entries and declarations of tables, but for the name of
// the file. Ends with a line feed. `entries` have different names.
[[nodiscard]] std::string route_file_text(const std::vector<RouteFileEntry>& entries,
                                          const std::vector<TableSource>& tables = {});

// A declared table as the text that a hub remembers, with the path of its file whole and without its rows.
[[nodiscard]] std::string table_record(const TableSource& table);
// Error: invalid.
[[nodiscard]] core::Result<TableSource> read_table_record(std::string_view name, std::string_view record);

// Records of routes and of tables in one JSON text: {"routes": {name: record}, "tables": {name: record}}.
[[nodiscard]] std::string records_text(const std::vector<RouteFileEntry>& entries,
                                       const std::vector<TableSource>& tables);
// Reads them; what this version cannot read is left out. Error: invalid.
[[nodiscard]] core::Result<RouteFile> read_records(std::string_view text);

}  // namespace headgate::routing
