// From nanomq.conf to a Headgate configuration.
#pragma once

#include <string>

#include "tools/headgate/import/draft.h"

namespace headgate::tools {

// Reads HOCON as NanoMQ writes it, or the flat form of `a.b=c` lines of versions before 0.14.
[[nodiscard]] Imported import_nanomq(const std::string& file, const ImportFiles& files);

}  // namespace headgate::tools
