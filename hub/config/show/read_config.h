// A configuration as far as it can be read, for whoever tells of everything that is wrong with it.
#pragma once

#include <string_view>

#include "hub/config/config.h"
#include "hub/config/problems.h"

namespace headgate::hub {

struct ReadConfig {
  Config config;      // keys with a problem have their defaults
  Problems problems;  // empty: a hub takes it
};

// Error: invalid, if the text is no JSON.
[[nodiscard]] core::Result<ReadConfig> read_config(std::string_view json_text, std::string_view file_name);

}  // namespace headgate::hub
