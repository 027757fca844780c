// A configuration as far as it can be read, for whoever tells of everything that is wrong with it.
#pragma once

#include <span>

#include "hub/config/config.h"
#include "hub/config/parts/merge.h"
#include "hub/config/problems.h"

namespace headgate::hub {

struct ReadConfig {
  Config config;      // keys with a problem have their defaults
  Problems problems;  // empty: a hub takes it
  MergedConfig said;
};

// Error: invalid, if a text is no JSON.
[[nodiscard]] core::Result<ReadConfig> read_config(std::span<const ConfigPart> parts);

}  // namespace headgate::hub
