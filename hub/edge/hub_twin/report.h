// Reported properties of $edgeHub, in edgeHub's form. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hub/edge/hub_twin/client_times.h"

namespace headgate::hub {

// Clients that a report names, and bytes that it may have: a twin has room for little more. The other clients are counted.
inline constexpr size_t kReportedClientsMax = 100;
inline constexpr size_t kReportBytesMax = 31 * 1024;
inline constexpr size_t kReportedWhyBytesMax = 1'300;

struct HubReport {
  std::string version = {};             // of the program
  int64_t desired_version = 1;          // that was last put in force
  std::vector<std::string> wrong = {};  // with it, for people; empty: nothing
};

// {"schemaVersion":…,"version":{…},"lastDesiredVersion":…,"lastDesiredStatus":{"code":…,"description":…},"clients":{"D/M":{…}}},
// with "moreClients" if there are more than it names.
[[nodiscard]] std::string hub_report_json(const HubReport& report, const ClientTimes& clients);

// A name of a twin's member for a client: `.`, `$` and blanks as %2E, %24 and %20, as edgeHub writes them.
[[nodiscard]] std::string client_member(const EdgeId& client);

}  // namespace headgate::hub
