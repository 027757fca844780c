#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string time_or_dash(const Json& window, std::string_view field) {
  const Json& time = member_of(window, field);
  return time.is_number_integer() ? iso_time(time.get<int64_t>()) : "-";
}

Table table_of_windows(const Json& json) {
  Table table({{"GROUP"}, {"START"}, {"END"}, {"MESSAGES", Align::right}, {"CLOSES"}});
  for (const Json& window : member_of(json, "windows")) {
    const Json& group = member_of(window, "group");
    const std::string function = text_of(window, "function");
    const std::string name =
        group.is_object() ? group.dump(-1, ' ', false, Json::error_handler_t::replace) : "-";
    const Json& messages = member_of(window, "messages");
    table.add({printable(function.empty() ? name : function + " " + name), time_or_dash(window, "start_ms"),
               time_or_dash(window, "end_ms"),
               messages.is_number() ? std::to_string(number_of(window, "messages")) : "-",
               time_or_dash(window, "closes_ms")});
  }
  return table;
}

void show_rest(std::ostream& out, const Json& json) {
  const uint64_t shown = member_of(json, "windows").size();
  const uint64_t open = number_of(json, "open");
  if (open > shown) out << "\n" << open - shown << " more groups; -n shows up to 1000\n";
}

}  // namespace

int run_route_windows(const Context& context, const RouteWindowsOptions& options) {
  const std::string target =
      "/v1/routes/" + percent_encode(options.route) + "/windows?count=" + std::to_string(options.count);
  return answer_table(context, context.hub.get(target), table_of_windows,
                      [&](const Json& json) { show_rest(context.out, json); });
}

}  // namespace headgate::tools
