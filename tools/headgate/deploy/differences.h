// Differences between two deployment manifests, as far as they matter to who applies the second. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/result.h"

namespace headgate::tools {

struct DeployChange {
  enum class Kind : uint8_t { added, removed, changed };

  Kind kind = Kind::changed;
  std::string of = {};      // "module", "system module", "route", "hub", "runtime", "desired properties"
  std::string name = {};    // of the module or route; empty where there is one only
  std::string member = {};  // "settings.image"; empty: the whole
  // Values as JSON; empty: it is not there, or nobody is to see it, as of variables and passwords.
  std::string before = {};
  std::string after = {};

  friend bool operator==(const DeployChange&, const DeployChange&) = default;
};

// In the order of the new manifest, then whatever only the old one has. Error (invalid): where one of them is wrong.
[[nodiscard]] core::Result<std::vector<DeployChange>> deploy_changes(const nlohmann::ordered_json& before,
                                                                     const nlohmann::ordered_json& after);

}  // namespace headgate::tools
