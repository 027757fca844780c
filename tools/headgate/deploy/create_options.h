// `createOptions` of a module, which Docker's API defines: container/create.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/headgate/deploy/module.h"

namespace headgate::tools {

// Adds to the module what the options ask for. A member without a counterpart is left out, with its name; one of a wrong type is an
// error. `path` leads to the options.
void take_create_options(const nlohmann::ordered_json& options, const std::string& path, EdgeModule& module,
                         DeployNotes& notes);

}  // namespace headgate::tools
