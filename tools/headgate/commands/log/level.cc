#include "tools/headgate/commands/log/level.h"

#include <nlohmann/json.hpp>

#include "core/log.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// {"broker": "debug"}, as the hub takes it: it says what is wrong with names.
Json asked_for(const std::vector<std::string>& settings) {
  Json levels = Json::object();
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    const std::string part = equals == std::string::npos ? "*" : setting.substr(0, equals);
    const std::string level = equals == std::string::npos ? setting : setting.substr(equals + 1);
    levels[part] = level == "default" ? Json(nullptr) : Json(level);
  }
  return levels;
}

void show_levels(std::ostream& out, const Json& levels) {
  Table table({{"PART"}, {"LEVEL"}, {"CONFIGURED"}});
  for (const auto& [part, level] : levels.items())
    table.add({part, text_of(level, "level"), text_of(level, "configured")});
  table.print(out);
}

}  // namespace

int run_log_level(const Context& context, const std::vector<std::string>& settings) {
  const std::string path = "/v1/log/levels";
  const std::string asked =
      asked_for(settings).dump(-1, ' ', false, Json::error_handler_t::replace);  // words of a command line
  const auto body = settings.empty() ? context.hub.get(path) : context.hub.post(path, asked);
  return answer(context, body,
                [&](const Json& json) { show_levels(context.out, member_of(json, "levels")); });
}

}  // namespace headgate::tools
