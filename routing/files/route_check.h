// Compiles what a route file says and tells what came of it; what `headgate route check` and the admin API
// answer.
#pragma once

#include <string>
#include <vector>

#include "routing/files/route_file.h"
#include "routing/language/diagnostics.h"
#include "routing/table/route_table.h"

namespace headgate::routing {

struct RouteCheck {
  RouteFileEntry entry;
  std::vector<Diagnostic> diagnostics;  // errors and warnings

  [[nodiscard]] bool ok() const;  // no errors
};

struct RouteCheckReport {
  std::vector<RouteCheck> routes;
  std::vector<RouteFileError> errors;  // what could not even be compiled
  std::vector<ManifestNote> without_effect = {};

  [[nodiscard]] bool ok() const;
};

// Everything that RouteTable::build() says, for one file.
[[nodiscard]] RouteCheckReport check_routes(const RouteFile& file);

// The entries as the table takes them. Those without a time to live of their own get `default_ttl_s`, so that
// 0 means for ever from here on.
[[nodiscard]] std::vector<RouteSpec> route_specs(const std::vector<RouteFileEntry>& entries,
                                                 uint32_t default_ttl_s);

// {"ok", "routes": [{"name", "file", "ok", "diagnostics": [{"severity", "line", "column", "message",
// "suggestion", "text"}…]}…], "errors": [{"file", "route", "message"}…],
// "without_effect": [{"file", "path", "advice"}…]}; `text` is for a terminal, with a
// caret.
[[nodiscard]] std::string to_json(const RouteCheckReport& report);

}  // namespace headgate::routing
