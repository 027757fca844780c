// Deployment manifests as containers.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/result.h"
#include "tools/headgate/deploy/module.h"

namespace headgate::tools {

// Desired properties of $edgeAgent or $edgeHub, with the dotted keys of a layered deployment put in their places; an empty object
// if the manifest has none of that module. Takes the whole file, `modulesContent`, its inside, or what Azure's tools export round it.
// Error (invalid): the file has no modules at all, with its path.
[[nodiscard]] core::Result<nlohmann::ordered_json> desired_of(const nlohmann::ordered_json& root,
                                                              const std::string& module);

// `createOptions` of a module's settings with what continues it (`createOptions01` …), as an object. Error (invalid): text that is no
// JSON, or a part that is missing; begins with the member that is wrong.
[[nodiscard]] core::Result<nlohmann::ordered_json> create_options_of(const nlohmann::ordered_json& settings);

// Name of a module's units, containers and files: its own, as far as engines and file systems let them.
[[nodiscard]] std::string unit_name_of(const std::string& module);

// Reads everything; with errors the modules are those that have none.
[[nodiscard]] EdgeDeployment read_deployment(const nlohmann::ordered_json& root);

}  // namespace headgate::tools
