// Dictionaries of zstd that batches may need (docs/batch-format.md, "Dictionaries").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace headgate::tools {

// Their bytes, by their ids.
using Dictionaries = std::map<uint32_t, std::string>;

// Reads those in files. Errors: not_found; invalid, with the file and what is wrong with it.
[[nodiscard]] core::Result<Dictionaries> read_dictionaries(const std::vector<std::string>& paths);

[[nodiscard]] std::vector<uint32_t> ids_of(const Dictionaries& dictionaries);

}  // namespace headgate::tools
