// Files of schemas that routes name: they are read with the routes, by whoever reads those.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "core/result.h"
#include "routing/files/route_file.h"

namespace headgate::routing {

// Gives the text of a file, or why it cannot be read, as the end of a sentence: "cannot be read: No such file …". Files
// for the hub and the command line, a table in tests.
using ReadText = std::function<core::Result<std::string>(const std::string& path)>;

// Puts into each entry the texts that its route names, from the folder of its file; each file is read once. A file that a
// route names is no route file: that it could not be read as one is no error.
void read_schemas(std::span<RouteFile> files, const ReadText& read);

// The folder of a file, with the slash at its end; empty: the current one.
[[nodiscard]] std::string folder_of(const std::string& path);

}  // namespace headgate::routing
