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

// Who drains the queue; "-" where only a hub would know.
std::string drained_by(const Json& queue) {
  const Json& consumer = member_of(queue, "consumer");
  const std::string kind = text_of(consumer, "kind");
  if (kind.empty()) return "-";
  if (kind == "none") return "nobody";
  if (kind == "hub") return "the hub";
  const std::string name = text_of(consumer, "name");
  const std::string who = name.empty() ? kind : kind + " " + printable(name);
  return flag_of(consumer, "connected") ? who : who + ", away";
}

// Below the table: why what waits in a queue does not go on.
void show_blocked(std::ostream& out, const Json& json) {
  for (const Json& queue : member_of(json, "queues")) {
    const std::string why = text_of(queue, "blocked");
    if (why.empty()) continue;
    out << '\n' << printable(text_of(queue, "name")) << ": " << printable(why);
    if (const uint64_t since_ms = number_of(queue, "blocked_since_ms"); since_ms != 0)
      out << " (since " << iso_time(static_cast<int64_t>(since_ms)) << ')';
    out << '\n';
  }
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
               {"FULL"},
               {"DRAINED BY"}});
  for (const Json& queue : member_of(json, "queues")) {
    const auto count = [&queue](std::string_view field) { return std::to_string(number_of(queue, field)); };
    table.add({printable(text_of(queue, "name")), count("waiting"),
               human_bytes(number_of(queue, "waiting_bytes")),
               iso_time(static_cast<int64_t>(number_of(queue, "oldest_ms"))), count("in"), count("delivered"),
               count("expired"), count("dropped"), count("dead"), fill_of(queue), drained_by(queue)});
  }
  return table;
}

}  // namespace

int run_queue_ls(const Context& context) {
  const core::Result<std::string> body = context.reader != nullptr
                                             ? store::queues_json(*context.reader, context.now)
                                             : context.hub.get("/v1/queues");
  return answer_table(context, body, table_of_queues,
                      [&](const Json& json) { show_blocked(context.out, json); });
}

}  // namespace headgate::tools
