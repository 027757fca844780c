// Several files as one configuration, and which of them said what.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "hub/config/parts/parts.h"
#include "hub/config/problems.h"

namespace headgate::hub {

// Files by the paths of what they say, as errors write paths.
class KeySources {
 public:
  KeySources() = default;
  explicit KeySources(std::string_view main) : main_(main) {}

  // Notes everything that a value holds.
  void note(const std::string& path, const nlohmann::ordered_json& value, const std::string& file);

  // The file that says it; of what nobody says the one that says something nearest to it, last the main file.
  [[nodiscard]] std::string file_of(std::string path) const;
  // Files that say something of it or below it, in the order of their reading; none: it has its default.
  [[nodiscard]] std::vector<std::string> files_below(const std::string& path) const;
  // The main file, then the others.
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

 private:
  std::string main_;
  std::map<std::string, std::string, std::less<>> by_path_;
  std::vector<std::string> files_;
};

struct MergedConfig {
  using JsonPtr = std::shared_ptr<const nlohmann::ordered_json>;

  JsonPtr json;
  KeySources sources;
  std::vector<std::pair<std::string, JsonPtr>> parts;  // each file, and all that it says
};

// Objects merge; lists of listeners, rules and topics follow each other; whatever else is in two files has to be the same in both.
// Routes, tables, and whoever auth.identities names, are whole. `problems` gets what is not so. Error: invalid, a text is no JSON.
[[nodiscard]] core::Result<MergedConfig> merge(std::span<const ConfigPart> parts, Problems& problems);

}  // namespace headgate::hub
