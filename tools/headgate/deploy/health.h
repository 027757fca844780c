// How an engine asks a container for its health, in the words of command lines and of compose files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/headgate/deploy/module.h"

namespace headgate::tools {

// Options of `docker run` and `podman run`, "--health-cmd=…"; none if the manifest asks for nothing. A command of words becomes one of a
// shell, as these options take no other.
[[nodiscard]] std::vector<std::string> health_flags(const ModuleHealth& health);

// `healthcheck` of a service; null if the manifest asks for nothing.
[[nodiscard]] nlohmann::ordered_json compose_health(const ModuleHealth& health);

}  // namespace headgate::tools
