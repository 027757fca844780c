// Route files of the command line, as every subcommand that needs no hub reads them. Internal to tools/headgate.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "routing/files/route_file.h"

namespace headgate::tools {

// Errors: io.
[[nodiscard]] core::Result<std::string> read_text(const std::string& path);

// Reads the file of a table. Errors: io, invalid.
[[nodiscard]] core::Result<std::string> read_table(const std::string& path, uint64_t bytes_max);

// Reads a route file, a manifest or a whole configuration, and with the last the route files beside it, as the hub does;
// also the files of their tables.
// Whatever cannot be read is among the errors.
[[nodiscard]] std::vector<routing::RouteFile> read_route_files(const std::string& path);

// Reads a schema that a route names, for routing::read_schemas(). Errors: io.
[[nodiscard]] core::Result<std::string> read_schema(const std::string& path);

// All of several as one.
[[nodiscard]] routing::RouteFile read_routes(const std::vector<std::string>& paths);

}  // namespace headgate::tools
