#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/config/settings.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// Puts a value where its key says: "store.bytes_max" into the object `store`.
void put(Json& root, std::string_view key, const Json& value) {
  Json* place = &root;
  for (size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
    place = &(*place)[std::string(key.substr(0, dot))];
    key.remove_prefix(dot + 1);
  }
  (*place)[std::string(key)] = value;
}

}  // namespace

std::optional<Json> settings_of(const ConfigTool& tool, const std::string& file) {
  std::vector<std::string> args = {"--print-config", "--json"};
  if (!file.empty()) args.insert(args.end(), {"--config", file});
  const auto answer = tool.ask(args);
  if (!answer) {
    tool.err << "headgate: " << printable(answer.error().what) << '\n';
    return std::nullopt;
  }
  const Json said = Json::parse(answer->out, nullptr, false);
  if (answer->exit_code == 0 && member_of(said, "keys").is_array()) return said["keys"];
  tool.err << (answer->err.empty() ? "headgate: headgated prints nothing that this version reads\n"
                                   : printable(answer->err, core::LineFeeds::kept));
  return std::nullopt;
}

namespace {

// Files that say something of the key.
std::string files_of_setting(const Json& setting) {
  std::string list;
  for (const Json& file : member_of(setting, "from"))
    if (file.is_string()) list.append(list.empty() ? "" : ", ").append(file.get<std::string>());
  return list.empty() ? "default" : list;
}

bool is_left_out(const ConfigShowOptions& options, const Json& setting) {
  return options.changed && member_of(setting, "value") == member_of(setting, "default");
}

void show_origins(const Json& settings, const ConfigTool& tool, const ConfigShowOptions& options) {
  Table table({{"KEY"}, {"VALUE"}, {"FROM"}});
  for (const Json& setting : settings)
    if (!is_left_out(options, setting))
      table.add({text_of(setting, "key"), member_of(setting, "value").dump(), files_of_setting(setting)});
  table.print(tool.out);
}

}  // namespace

int run_config_show(const ConfigTool& tool, const ConfigShowOptions& options) {
  const auto settings = settings_of(tool, options.file);
  if (!settings) return 1;
  if (options.origin && tool.json) {
    tool.out << Json{{"keys", *settings}}.dump() << '\n';
    return 0;
  }
  if (options.origin) {
    show_origins(*settings, tool, options);
    return 0;
  }
  Json config = Json::object();
  for (const Json& setting : *settings) {
    if (is_left_out(options, setting)) continue;
    put(config, text_of(setting, "key"), member_of(setting, "value"));
  }
  tool.out << config.dump(tool.json ? -1 : 2) << '\n';
  return 0;
}

}  // namespace headgate::tools
