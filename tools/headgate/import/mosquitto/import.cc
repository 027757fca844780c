#include "tools/headgate/import/mosquitto/import.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/headgate/import/mosquitto/parts.h"

namespace headgate::tools {

Imported import_mosquitto(const std::string& file, const ImportFiles& files) {
  using namespace mosquitto;
  Imported out;
  const auto lines = read_lines(file, files, out);
  const Sections sections = sections_of(lines, out);
  const bool plugins = std::ranges::any_of(
      lines, [](const Line& line) { return line.key == "plugin" || line.key == "auth_plugin"; });
  Json config = Json::object();
  import_listeners(sections, config, out);
  import_access(sections, plugins, files, config, out);
  import_limits(sections, config, out);
  import_bridges(sections, files, config, out);
  if (out.errors.empty()) out.config = config.dump(2) + "\n";
  return out;
}

}  // namespace headgate::tools
