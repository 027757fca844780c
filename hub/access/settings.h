// Who may come in and what they may do, as plain values, and two of them between JSON and values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "hub/access/identities.h"
#include "hub/access/rules.h"
#include "hub/edge/settings.h"

namespace headgate::hub {

struct AccessSettings {
  std::string password_file;                // users of listeners that name none; empty: none
  std::vector<std::string> listener_files;  // those that listeners name; follows from them
  std::vector<IdentityPattern> identities;
  std::vector<AccessRule> rules = default_access_rules();
  std::string own_device;    // the device of modules that name none; follows from iot_edge, or the hub's id
  IotEdgeSettings iot_edge;  // with the device and the file that are meant
  bool speaks_iot_edge = false;  // some listener does; follows from them

  friend bool operator==(const AccessSettings&, const AccessSettings&) = default;
};

// Errors: invalid; a line for each thing that is wrong, `path[0].key: what was found; what is allowed`. A
// rule is security: one that is wrong is never left out, it stops the whole.
[[nodiscard]] core::Result<std::vector<IdentityPattern>> parse_identities(std::string_view json_text,
                                                                          std::string_view path);
[[nodiscard]] core::Result<std::vector<AccessRule>> parse_access_rules(std::string_view json_text,
                                                                       std::string_view path);

// Writes them as headgate.json would, in one line.
[[nodiscard]] std::string to_json(const std::vector<IdentityPattern>& identities);
[[nodiscard]] std::string to_json(const std::vector<AccessRule>& rules);

}  // namespace headgate::hub
