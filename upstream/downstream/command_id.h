// Finds the id that a sender has given to a command. Pure.
#pragma once

#include <string>
#include <string_view>

#include "upstream/downstream/command.h"

namespace headgate::upstream {

// The user property "id", else the Correlation Data, else that member of a JSON body: a text, or a whole number as it
// is written. `member` empty: bodies are not looked into.
[[nodiscard]] CommandId id_of(const Incoming& message, std::string_view member);

}  // namespace headgate::upstream
