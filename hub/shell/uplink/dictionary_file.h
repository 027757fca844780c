// Reads the dictionary that batches may be compressed with.
#pragma once

#include <string>

#include "core/result.h"
#include "upstream/payload/dictionary.h"

namespace headgate::hub {

// Null for no path. Blocks. Error: invalid, with the file and what is wrong with it.
[[nodiscard]] core::Result<upstream::DictionaryPtr> read_dictionary_file(const std::string& path);

}  // namespace headgate::hub
