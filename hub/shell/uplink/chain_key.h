// Reads the secret that the hashes of a chain are made with.
#pragma once

#include <string>

#include "core/result.h"

namespace headgate::hub {

// The content of the file without a line end behind it; empty for no path. Blocks. Error: invalid, with the file and
// what is wrong with it.
[[nodiscard]] core::Result<std::string> read_chain_key(const std::string& path);

}  // namespace headgate::hub
