#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string moment_text(const Json& window, std::string_view field) {
  return number_of(window, "end_ms") == 0 ? "-" : iso_time(static_cast<int64_t>(number_of(window, field)));
}

Table table_of_windows(const Json& json) {
  Table table({{"GROUP"}, {"BEGAN"}, {"ENDS"}});
  for (const Json& window : member_of(json, "windows"))
    table.add({printable(member_of(window, "group").dump(-1, ' ', false, Json::error_handler_t::replace)),
               moment_text(window, "start_ms"), moment_text(window, "end_ms")});
  return table;
}

}  // namespace

int run_route_windows(const Context& context, const std::string& route) {
  return answer_table(context, context.hub.get("/v1/routes/" + percent_encode(route) + "/windows?count=1000"),
                      table_of_windows);
}

}  // namespace headgate::tools
