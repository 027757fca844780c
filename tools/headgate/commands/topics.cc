#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using TopicsJson = nlohmann::ordered_json;

constexpr size_t kIndentMax = 16;  // levels: beyond them no more room is given away

std::string rate_text(const TopicsJson& json) {
  const auto found = json.find("rate_per_s");
  const double rate = found != json.end() && found->is_number() ? found->get<double>() : 0;
  char text[32];
  std::snprintf(text, sizeof text, rate >= 10 || rate == 0 ? "%.0f/s" : "%.2f/s", rate);
  return text;
}

// The payload, marked where it is cut; how large one is that was not asked for; "-" for a level.
std::string value_text(const TopicsJson& last) {
  if (!last.is_object() || last.contains("topics")) return "-";
  if (!last.contains("payload") && !last.contains("payload_base64"))
    return human_bytes(number_of(last, "payload_bytes"));
  const std::string text =
      last.contains("payload") ? text_of(last, "payload") : "base64:" + text_of(last, "payload_base64");
  return text + (flag_of(last, "cut") ? "…" : "");
}

void add_row(Table& table, const std::string& name, const TopicsJson& sums, const TopicsJson& last) {
  table.add({name, std::to_string(number_of(sums, "count")), rate_text(sums),
             iso_time(static_cast<int64_t>(number_of(sums, "last_ms"))), value_text(last)});
}

// A branch that neither is a topic nor forks is written in one line with what is below it: "plant/7/temperature".
void add_node(Table& table, const TopicsJson& node, size_t depth) {
  const TopicsJson* at = &node;
  std::string name = text_of(node, "name");
  while (member_of(*at, "last").is_null() && member_of(*at, "children").size() == 1) {
    at = &member_of(*at, "children").front();
    name += "/" + text_of(*at, "name");
  }
  const bool is_cut_off = member_of(*at, "last").is_null() && member_of(*at, "children").empty();
  if (is_cut_off) name += "/# (" + std::to_string(number_of(*at, "topics")) + " topics)";
  add_row(table, std::string(2 * std::min(depth, kIndentMax), ' ') + printable(name), *at,
          member_of(*at, "last"));
  for (const TopicsJson& child : member_of(*at, "children")) add_node(table, child, depth + 1);
}

void show_topics(std::ostream& out, const TopicsJson& json, bool with_payload) {
  Table table({{"TOPIC"},
               {"MESSAGES", Align::right},
               {"RATE", Align::right},
               {"LAST"},
               {with_payload ? "VALUE" : "SIZE"}});
  for (const TopicsJson& node : member_of(json, "tree")) add_node(table, node, 0);
  for (const TopicsJson& topic : member_of(json, "topics"))
    add_row(table, printable(text_of(topic, "topic")), topic, topic);
  table.print(out);
  if (const uint64_t left_out = number_of(json, "left_out"); left_out > 0)
    out << left_out << " more are not shown: narrow the filter, or take --depth\n";
  if (const uint64_t forgotten = number_of(json, "forgotten"); forgotten > 0)
    out << "these are not all: " << forgotten
        << " topics that nothing came on for longest were forgotten (observe.topics_bytes)\n";
}

}  // namespace

int run_topics(const Context& context, const TopicsOptions& options) {
  const std::string target = "/v1/topics/" + percent_encode(options.filter) +
                             "?depth=" + std::to_string(options.depth) + (options.flat ? "" : "&tree=1") +
                             (options.payload ? "&payload=1" : "");
  return answer(context, context.hub.get(target),
                [&](const TopicsJson& json) { show_topics(context.out, json, options.payload); });
}

}  // namespace headgate::tools
