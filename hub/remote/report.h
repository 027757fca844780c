// Report of a hub, upstream and to its operator, about the document in force and of the last that came: JSON, documented in
// docs/remote-configuration.md. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/admin/hub_view.h"
#include "hub/remote/record.h"

namespace headgate::hub {

// Names no more routes than that, those with which something is wrong first.
inline constexpr size_t kReportedRoutesMax = 200;

struct Report {
  std::string hub;
  int64_t at_ms = 0;  // Unix time
  Record record;
  std::vector<RouteInfo> routes;  // of the document in force
  int64_t confirm_ms = 0;         // of a document that is tried, see Trial
  std::string trouble;            // why the kept document is not in force; empty: it is
};

// "none", "confirmed", "provisional", or "not in force".
[[nodiscard]] std::string_view state_of(const Record& record, const std::string& trouble);
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace headgate::hub
