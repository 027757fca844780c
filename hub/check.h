// Findings of `headgated --check FILE`: everything that a start would read, without binding or writing anything.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace headgate::hub {

struct ConfigFinding {
  std::string file;  // the configuration, or a file of routes
  std::string key;   // "listeners[0].port", "route 'a'"; empty: the file as a whole
  std::string what;  // what was found, and what is allowed
};

// Gives one line, `file: key: what`.
[[nodiscard]] std::string to_text(const ConfigFinding& finding);

struct ConfigCheck {
  std::vector<ConfigFinding> problems;  // the hub would not start, or would leave a route out
  std::vector<ConfigFinding> warnings;
  size_t routes = 0;  // that would be in force
};

// {"file", "ok", "routes", "problems": [{"file", "key", "what"}], "warnings": the same}
[[nodiscard]] std::string to_json(const ConfigCheck& check, const std::string& path);

// Reads the configuration, and the files of users, of certificates and of routes that it names. `wall_ms`: now.
[[nodiscard]] ConfigCheck check_config(const std::string& path, int64_t wall_ms);

}  // namespace headgate::hub
