// YAML for values that JSON has, as every reader of YAML 1.1 and 1.2 reads it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace headgate::tools {

// Block style, two spaces; all texts are quoted, and keys that are no plain words.
[[nodiscard]] std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace headgate::tools
