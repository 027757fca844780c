// A file that is there whole or not at all, whatever happens while it is written.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

// Writes `text` to `dir`/`name`, in place of the file that may be there: into a file beside it, whose name begins with
// a point, which is synced and renamed; then the directory is synced. What is not a regular file, such as a symbolic
// link, is not replaced. Blocks for as long as the disk takes. Errors: invalid (`name` is no plain file name, or names
// something else than a file), io.
[[nodiscard]] core::Status replace_file(const std::string& dir, std::string_view name, std::string_view text);

// True for a name that a file of a directory can have: no '/', no control character, no point at its beginning, at most
// 200 bytes.
[[nodiscard]] bool is_plain_file_name(std::string_view name);

}  // namespace headgate::hub
