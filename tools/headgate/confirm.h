// How a command that ends messages for good, or sends them again, gets its yes. Internal to tools/headgate.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// True with --yes, or if the answer to the question is "y" or "yes". Else says on `err` why nothing is done.
[[nodiscard]] bool confirmed(const Context& context, const Consent& consent, const std::string& question);

}  // namespace headgate::tools
