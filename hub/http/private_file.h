// Files of the HTTP server that nobody but the hub's own user may read, made at their first need.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

// Blocks. `what`: the file, for texts. Errors: not_found, io, invalid (others may read it).
[[nodiscard]] core::Result<std::string> read_private_file(const std::string& path, std::string_view what);

// Does the same, and makes `path` with what `text` returns first if it is missing.
[[nodiscard]] core::Result<std::string> read_or_make_private_file(const std::string& path,
                                                                  std::string_view what,
                                                                  const std::function<std::string()>& text);

// 256 bits that nobody can guess, as 64 digits.
[[nodiscard]] std::string random_hex();

}  // namespace headgate::hub
