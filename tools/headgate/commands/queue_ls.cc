#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/report/inspect.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// How much of what the queue may hold waits, and what happens when it is full; "-" without a limit. Whether it is paused.
std::string fill_of(const Json& queue) {
  const Json& limits = member_of(queue, "limits");
  uint64_t percent = 0;
  bool limited = false;
  for (const auto& [limit, waiting] :
       {std::pair("messages_max", "waiting"), {"bytes_max", "waiting_bytes"}}) {
    const uint64_t most = number_of(limits, limit);
    if (most == 0) continue;
    limited = true;
    percent = std::max(percent, number_of(queue, waiting) * 100 / most);
  }
  const std::string fill = limited ? std::to_string(percent) + "% " + text_of(limits, "on_full") : "";
  if (!flag_of(queue, "paused")) return or_dash(fill);
  return fill.empty() ? "paused" : "paused, " + fill;
}

Table table_of_queues(const Json& json) {
  Table table({{"QUEUE"},
               {"WAITING", Align::right},
               {"SIZE", Align::right},
               {"OLDEST"},
               {"IN", Align::right},
               {"DELIVERED", Align::right},
               {"EXPIRED", Align::right},
               {"DROPPED", Align::right},
               {"DEAD", Align::right},
               {"FULL"}});
  for (const Json& queue : member_of(json, "queues")) {
    const auto count = [&queue](std::string_view field) { return std::to_string(number_of(queue, field)); };
    table.add({printable(text_of(queue, "name")), count("waiting"),
               human_bytes(number_of(queue, "waiting_bytes")),
               iso_time(static_cast<int64_t>(number_of(queue, "oldest_ms"))), count("in"), count("delivered"),
               count("expired"), count("dropped"), count("dead"), fill_of(queue)});
  }
  return table;
}

}  // namespace

int run_queue_ls(const Context& context) {
  const core::Result<std::string> body = context.reader != nullptr
                                             ? store::queues_json(*context.reader, context.now)
                                             : context.hub.get("/v1/queues");
  return answer_table(context, body, table_of_queues);
}

}  // namespace headgate::tools
