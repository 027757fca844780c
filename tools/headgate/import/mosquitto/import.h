// From mosquitto.conf to a Headgate configuration.
#pragma once

#include <string>

#include "tools/headgate/import/draft.h"

namespace headgate::tools {

// Reads the file, what it includes, and its acl_file.
[[nodiscard]] Imported import_mosquitto(const std::string& file, const ImportFiles& files);

}  // namespace headgate::tools
