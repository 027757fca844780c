// Findings of `headgated --check FILE`: everything that a start would read, without binding or writing anything.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace headgate::hub {

struct ConfigCheck {
  std::vector<std::string> problems;  // the hub would not start, or would leave a route out
  std::vector<std::string> warnings;
  size_t routes = 0;  // that would be in force
};

// Reads the configuration, and the files of users, of certificates and of routes that it names. `wall_ms`: now.
[[nodiscard]] ConfigCheck check_config(const std::string& path, int64_t wall_ms);

}  // namespace headgate::hub
