// The files that one configuration is made of: headgate.json, and those that its `include` names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace headgate::hub {

struct ConfigPart {
  std::string file;  // path
  std::string text;
};

inline constexpr size_t kIncludedMax = 256;

// The file, then those that it includes in the order of its patterns, of each in the order of their names; each once. Errors: as
// config_text(); of an included file the text says which file includes it.
[[nodiscard]] core::Result<std::vector<ConfigPart>> read_parts(const std::string& path);

// Does the same with that text in the place of the file's, which need not be there.
[[nodiscard]] core::Result<std::vector<ConfigPart>> read_parts_of(const std::string& path, std::string text);

// A path, in whose last part a * stands for any characters.
[[nodiscard]] bool is_include(std::string_view text);

}  // namespace headgate::hub
