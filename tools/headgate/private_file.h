// A file with secrets, replaced whole.
#pragma once

#include <string>

#include "core/result.h"

namespace headgate::tools {

// Writes `text` to `path`: beside it, synced, renamed. Rights and owner of a file that is there stay, as far as that is ours to say;
// nobody but owner and group may read it. A new one has mode 0600 and, made by root, the owner of its directory, since the hub runs as
// a user of its own; in a directory that hands its group down (set-group-id, as of /etc/headgate) that group may read it. Error: io.
[[nodiscard]] core::Status replace_private_file(const std::string& path, const std::string& text);

}  // namespace headgate::tools
