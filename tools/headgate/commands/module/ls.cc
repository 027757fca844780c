#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/module/commands.h"

namespace headgate::tools {
namespace {

using ModuleJson = nlohmann::ordered_json;

// The answer with modules alone.
core::Result<std::string> modules_in(const core::Result<std::string>& clients) {
  if (!clients) return clients;
  const ModuleJson json = ModuleJson::parse(*clients, nullptr, false);
  ModuleJson modules = ModuleJson::array();
  for (const ModuleJson& client : member_of(json, "clients"))
    if (!text_of(client, "module").empty()) modules.push_back(client);
  return ModuleJson{{"modules", std::move(modules)}}.dump(-1, ' ', false,
                                                          ModuleJson::error_handler_t::replace);
}

std::string time_in(const ModuleJson& module, std::string_view field) {
  return iso_time(static_cast<int64_t>(number_of(module, field)));
}

Table table_of_modules(const ModuleJson& json) {
  Table table({{"MODULE"},
               {"STATE"},
               {"SINCE"},
               {"LAST SEEN"},
               {"IN", Align::right},
               {"OUT", Align::right},
               {"CONNECTS", Align::right},
               {"DEVICE"},
               {"CLIENT"}});
  for (const ModuleJson& module : member_of(json, "modules"))
    table.add({text_of(module, "module"), flag_of(module, "connected") ? "connected" : "offline",
               time_in(module, "since_ms"), time_in(module, "last_seen_ms"),
               std::to_string(number_of(module, "messages_in")),
               std::to_string(number_of(module, "messages_out")),
               std::to_string(number_of(module, "connects")), or_dash(text_of(module, "device")),
               or_dash(text_of(module, "client_id"))});
  return table;
}

}  // namespace

int run_module_ls(const Context& context) {
  return answer_table(context, modules_in(context.hub.get("/v1/clients")), table_of_modules);
}

}  // namespace headgate::tools
