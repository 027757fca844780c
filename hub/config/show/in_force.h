// Values of a configuration key by key, for whoever shows it or compares it with another.
#pragma once

#include <string>

#include "core/result.h"

namespace headgate::hub {

// Gives a JSON object: `keys`, a list in the order of the reference with `key`, `value`, `default`, `takes_effect` ("at
// once", by a reload, or "by restart") and `from` (the files that say something of it; none: the default) of each; routes and tables as the file writes them. An empty `path`: the embedded
// default. Values of keys that hold a secret are "***". Errors: as load_config().
[[nodiscard]] core::Result<std::string> settings_in_force(const std::string& path);

}  // namespace headgate::hub
