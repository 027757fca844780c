// `headgate config`: what is wrong with a configuration, what is in force by it, and what another would change.
#pragma once

#include <ostream>
#include <string>

#include "tools/headgate/daemon.h"

namespace headgate::tools {

struct ConfigTool {
  AskDaemon ask;
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};

// Exit code 1 if a hub would not start on it, or would leave a route out.
int run_config_check(const ConfigTool& tool, const std::string& file);

struct ConfigShowOptions {
  std::string file = {};  // empty: the embedded default
  bool changed = false;   // only keys whose value is not the default
  bool origin = false;    // a table that says which files each value is from
};

// Prints JSON, which a hub takes as a configuration as long as no secret is in it.
int run_config_show(const ConfigTool& tool, const ConfigShowOptions& options);

// Tells of each key that has another value before, after, and when a hub uses it.
int run_config_diff(const ConfigTool& tool, const std::string& before, const std::string& after);

}  // namespace headgate::tools
