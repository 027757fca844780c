#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string of_at_most(uint64_t bytes, uint64_t bytes_max) {
  return human_bytes(bytes) + (bytes_max == 0 ? "" : " of " + human_bytes(bytes_max));
}

// Why not everything may go now; empty: it may.
std::string why_of(const Json& link) {
  std::string why = text_of(link, "why");
  if (text_of(link, "state") != "waiting") return why;
  if (!why.empty()) why += "; ";
  why += "next attempt in " + std::to_string(number_of(link, "retry_in_ms") / 1000) + " s";
  if (const std::string error = text_of(link, "last_error"); !error.empty()) why += " (" + error + ")";
  return flag_of(link, "hopeless") ? why + "; mend its credentials or files, then headgate reload" : why;
}

// Payload against the JSON that is in it: "1/12.4".
std::string ratio_of(const Json& sent) {
  const uint64_t payload_bytes = number_of(sent, "payload_bytes");
  if (payload_bytes == 0) return "-";
  const uint64_t tenths = number_of(sent, "json_bytes") * 10 / payload_bytes;
  return "1/" + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

// Identities that are connected or wait to be; empty: all goes under one device.
std::string identities_of(const Json& link) {
  const Json& known = member_of(link, "identities");
  if (!known.is_object()) return "";
  const uint64_t refused = number_of(known, "refused");
  std::string text = std::to_string(number_of(known, "open")) + " identities connected, messages of " +
                     std::to_string(number_of(known, "waiting")) + " wait, " + std::to_string(refused) +
                     " refused";
  if (refused > 0)
    text += " (" + text_of(known, "last_refused") + ": " + text_of(known, "last_refusal") +
            "); mend their keys, then headgate reload";
  return text;
}

void show_links(std::ostream& out, const Json& json) {
  Table table({{"LINK"},
               {"STATE"},
               {"SINCE"},
               {"TO"},
               {"COST"},
               {"IN FLIGHT", Align::right},
               {"RATIO", Align::right},
               {"TODAY", Align::right},
               {"MONTH", Align::right}});
  for (const Json& link : member_of(json, "links")) {
    table.add({text_of(link, "name"), text_of(link, "state"),
               iso_time(static_cast<int64_t>(number_of(link, "since_ms"))),
               text_of(link, "host") + ":" + std::to_string(number_of(link, "port")), text_of(link, "cost"),
               std::to_string(number_of(link, "in_flight")), ratio_of(link),
               of_at_most(number_of(link, "day_bytes"), number_of(link, "day_bytes_max")),
               of_at_most(number_of(link, "month_bytes"), number_of(link, "month_bytes_max"))});
  }
  table.print(out);
  for (const Json& link : member_of(json, "links")) {
    if (const std::string why = why_of(link); !why.empty())
      out << printable(text_of(link, "name")) << ": " << printable(why) << '\n';
    if (const std::string identities = identities_of(link); !identities.empty())
      out << printable(text_of(link, "name")) << ": " << printable(identities) << '\n';
  }
}

void show_ways(std::ostream& out, const Json& json) {
  Table table({{"QUEUE"},
               {"OVER"},
               {"WAITING", Align::right},
               {"BYTES", Align::right},
               {"SENT", Align::right},
               {"BATCHES", Align::right},
               {"RATIO", Align::right}});
  for (const Json& queue : member_of(json, "queues")) {
    table.add({text_of(queue, "name"), or_dash(text_of(queue, "link")),
               std::to_string(number_of(queue, "waiting")), human_bytes(number_of(queue, "waiting_bytes")),
               std::to_string(number_of(queue, "messages")), std::to_string(number_of(queue, "batches")),
               ratio_of(queue)});
  }
  table.print(out);
}

// Batches that the consumer of a queue has not acknowledged, and how long the oldest has waited.
std::string unacknowledged_of(const Json& queue, int64_t now_ms) {
  const Json& waits = member_of(queue, "unacknowledged");
  const std::string credit = std::to_string(number_of(waits, "credit"));
  const uint64_t batches = number_of(waits, "batches");
  std::string text =
      std::to_string(batches) + " of " + credit + " batches wait for the consumer's acknowledgement";
  if (batches > 0)
    text += ", the oldest for " +
            human_duration((now_ms - static_cast<int64_t>(number_of(waits, "since_ms"))) / 1000);
  const uint64_t heard_ms = number_of(waits, "heard_ms");
  if (heard_ms == 0) return text + "; none has come since the hub started";
  text += "; the last came " + human_duration((now_ms - static_cast<int64_t>(heard_ms)) / 1000) + " ago";
  const uint64_t ignored = number_of(waits, "ignored");
  return ignored == 0 ? text : text + ", and " + std::to_string(ignored) + " were ignored (see the log)";
}

void show_unacknowledged(std::ostream& out, const Json& json) {
  const auto now_ms = static_cast<int64_t>(number_of(json, "now_ms"));
  for (const Json& queue : member_of(json, "queues")) {
    if (member_of(queue, "unacknowledged").is_object())
      out << printable(text_of(queue, "name")) << ": " << unacknowledged_of(queue, now_ms) << '\n';
  }
}

void show_upstream(std::ostream& out, const Json& json) {
  if (member_of(json, "links").empty()) {
    out << "there is no link: $upstream only queues (set upstream.host, or links)\n";
    return;
  }
  show_links(out, json);
  out << '\n';
  show_ways(out, json);
  show_unacknowledged(out, json);
}

}  // namespace

int run_upstream_status(const Context& context) {
  return answer(context, context.hub.get("/v1/upstream"),
                [&](const Json& json) { show_upstream(context.out, json); });
}

}  // namespace headgate::tools
