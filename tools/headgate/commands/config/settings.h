// Settings as the daemon tells them. Internal to commands.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "tools/headgate/commands/config/commands.h"

namespace headgate::tools {

// The list of {"key", "value", "default", "takes_effect"}; nullopt after an error, which was told.
[[nodiscard]] std::optional<nlohmann::ordered_json> settings_of(const ConfigTool& tool,
                                                                const std::string& file);

}  // namespace headgate::tools
