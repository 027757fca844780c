// Files of a support archive: what a hub and its machine say of themselves, without payloads and secrets. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::tools {

struct BundleFile {
  std::string name;
  std::string text;
};

// JSON without what may hold a payload, and with "***" in the place of secrets, indented; what is no JSON is left out.
[[nodiscard]] std::string without_confidences(std::string_view json_text);

// A file for each text, by its name: those that end in .json go through without_confidences(). Empty ones are left out.
[[nodiscard]] std::vector<BundleFile> bundle_files(const std::map<std::string, std::string>& texts);

}  // namespace headgate::tools
