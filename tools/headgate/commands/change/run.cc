#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/change/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kDayS = 86'400;

std::string lines_whole(const std::string& text) { return core::printable(text, core::LineFeeds::kept); }

std::string joined_texts(const Json& list) {
  std::string line;
  for (const Json& one : list)
    if (one.is_string()) line.append(line.empty() ? "" : ", ").append(one.get<std::string>());
  return line;
}

// Prints a table with a title, if there is a row.
void show_table(const Context& context, const std::string& title, const Json& rows, Table table) {
  if (rows.empty()) return;
  context.out << title << '\n';
  table.print(context.out);
}

void show_keys(const Context& context, const Json& keys) {
  Table table({{"KEY"}, {"BEFORE"}, {"AFTER"}, {"TAKES EFFECT"}});
  for (const Json& key : keys)
    table.add({text_of(key, "key"), member_of(key, "before").dump(), member_of(key, "after").dump(),
               text_of(key, "takes_effect")});
  show_table(context, "Keys:", keys, std::move(table));
}

void show_queue_changes(const Context& context, const Json& queues) {
  Table table({{"QUEUE"}, {"WHAT"}, {"MESSAGES", Align::right}, {"BYTES", Align::right}});
  for (const Json& queue : queues)
    table.add({text_of(queue, "queue"), text_of(queue, "what"), std::to_string(number_of(queue, "messages")),
               human_bytes(number_of(queue, "bytes"))});
  show_table(context, "Queues:", queues, std::move(table));
}

void show_route_changes(const Context& context, const Json& routes) {
  Table table({{"ROUTE"}, {"WHAT"}, {"STATE"}, {"FILE"}});
  for (const Json& route : routes)
    table.add({or_dash(text_of(route, "route")), text_of(route, "what"), or_dash(text_of(route, "state")),
               text_of(route, "file")});
  show_table(context, "Routes:", routes, std::move(table));
}

void show_client_changes(const Context& context, const Json& plan) {
  const Json& clients = member_of(plan, "clients");
  Table table({{"CLIENT"}, {"USER"}, {"LOSES"}});
  for (const Json& client : clients)
    table.add({text_of(client, "client_id"), or_dash(text_of(client, "user")),
               flag_of(client, "disconnected") ? "its connection: who it is holds no more"
                                               : joined_texts(member_of(client, "lost"))});
  show_table(context, "Clients:", clients, std::move(table));
  if (const uint64_t more = number_of(plan, "clients_not_compared"); more != 0)
    context.out << "Clients: " << more << " more were not compared\n";
}

std::string bytes_or(const Json& value, const std::string& why) {
  return value.is_number_unsigned() ? human_bytes(value.get<uint64_t>()) : why;
}

void show_traffic(const Context& context, const Json& plan) {
  const Json& bytes = member_of(plan, "upstream_bytes_a_day");
  const std::string why = text_of(bytes, "why");
  if (!member_of(bytes, "before").is_number_unsigned())
    context.out << "Upstream a day: " << printable(why) << '\n';
  else
    context.out << "Upstream a day: " << bytes_or(member_of(bytes, "before"), why) << " before, "
                << bytes_or(member_of(bytes, "after"), why) << " after\n";
}

void show_replayed(const Context& context, const Json& replayed) {
  if (replayed.is_string())
    context.out << "Routes over past messages: " << printable(replayed.get<std::string>()) << '\n';
  if (!replayed.is_object()) return;
  const Json& basis = member_of(replayed, "basis");
  context.out << "Routes over " << counted(number_of(replayed, "messages"), "message")
              << " of the last hour (" << number_of(basis, "messages") << " of the last "
              << number_of(basis, "arrived") << " that came are recorded): "
              << (member_of(replayed, "routes").empty() ? "they take the same\n" : "\n");
  if (member_of(replayed, "routes").empty()) return;
  Table table({{"ROUTE"},
               {"TOOK", Align::right},
               {"WILL TAKE", Align::right},
               {"NEW", Align::right},
               {"NO LONGER", Align::right},
               {"NOT KNOWN"}});
  for (const Json& route : member_of(replayed, "routes"))
    table.add({text_of(route, "route"), std::to_string(number_of(route, "before")),
               std::to_string(number_of(route, "after")), std::to_string(number_of(route, "gained")),
               std::to_string(number_of(route, "lost")), or_dash(text_of(route, "why_not"))});
  table.print(context.out);
}

void show_plan_problems(const Context& context, const Json& plan) {
  for (const Json& problem : member_of(plan, "problems"))
    if (problem.is_string()) context.err << lines_whole(problem.get<std::string>()) << '\n';
}

bool changes_nothing(const Json& plan) {
  static constexpr std::array<std::string_view, 4> kLists = {"keys", "queues", "routes", "clients"};
  return std::ranges::all_of(kLists, [&](std::string_view list) { return member_of(plan, list).empty(); });
}

void show_plan(const Context& context, const Json& plan) {
  show_plan_problems(context, plan);
  show_keys(context, member_of(plan, "keys"));
  show_queue_changes(context, member_of(plan, "queues"));
  show_route_changes(context, member_of(plan, "routes"));
  show_client_changes(context, plan);
  if (!flag_of(plan, "ok")) {
    context.err << "headgate: the hub would not take it: mend what is wrong\n";
    return;
  }
  if (changes_nothing(plan)) context.out << "nothing would change\n";
  show_traffic(context, plan);
  show_replayed(context, member_of(plan, "routes_replayed"));
  if (const std::string keys = joined_texts(member_of(plan, "needs_restart")); !keys.empty())
    context.out << "By a restart: " << printable(keys) << '\n';
  context.out << "Fingerprint: " << printable(text_of(plan, "fingerprint")) << '\n';
}

void show_applied(const Context& context, const Json& json) {
  show_plan_problems(context, member_of(json, "plan"));
  if (const std::string why = text_of(json, "refused"); !why.empty()) {
    context.err << "headgate: nothing was changed: " << lines_whole(why) << '\n';
    return;
  }
  if (const std::string why = text_of(json, "rolled_back"); !why.empty()) {
    context.err << "headgate: the version before is in force again: " << lines_whole(why) << '\n';
    return;
  }
  const std::string file = printable(text_of(member_of(json, "plan"), "file"));
  context.out << file << " is in force\n";
  const uint64_t within_s = number_of(json, "confirm_within_s");
  if (flag_of(json, "starts_again"))
    context.out << "the hub starts again now, for: "
                << printable(joined_texts(member_of(member_of(json, "plan"), "needs_restart")))
                << "; should it not come up, it starts on the version before\n";
  else if (flag_of(json, "restart"))
    context.out << "restart the hub now, as by systemctl restart headgated: these keys wait for it: "
                << printable(joined_texts(member_of(member_of(json, "plan"), "needs_restart"))) << '\n';
  if (within_s != 0)
    context.out << "say headgate apply --confirm within " << human_duration(static_cast<int64_t>(within_s))
                << (flag_of(json, "restart") ? " of its start" : "")
                << ", or the version before is in force again\n";
}

}  // namespace

std::optional<uint32_t> parse_seconds(std::string_view text) {
  uint32_t unit_s = 1;
  if (text.ends_with('m')) unit_s = 60;
  if (text.ends_with('h')) unit_s = 3'600;
  if (text.ends_with('s') || unit_s != 1) text.remove_suffix(1);
  const auto number = core::parse_whole<uint32_t>(text);
  if (!number || *number == 0 || *number > kDayS / unit_s) return std::nullopt;
  return *number * unit_s;
}

int run_plan(const Context& context, const std::string& file) {
  const auto text = read_text(file);
  if (!text) {
    context.err << "headgate: " << lines_whole(text.error().what) << '\n';
    return kExitFailed;
  }
  bool ok = true;
  const int code = answer(context, context.hub.post("/v1/plan", *text), [&](const Json& plan) {
    show_plan(context, plan);
    ok = flag_of(plan, "ok");
  });
  return code == kExitOk && !ok ? kExitFailed : code;
}

int run_change_apply(const Context& context, const ChangeOptions& options) {
  const auto text = read_text(options.file);
  if (!text) {
    context.err << "headgate: " << lines_whole(text.error().what) << '\n';
    return kExitFailed;
  }
  const std::string target =
      "/v1/apply?confirm_within_s=" + std::to_string(options.confirm_within_s) +
      (options.restart ? "&restart=1" : "") +
      (options.fingerprint.empty() ? "" : "&fingerprint=" + percent_encode(options.fingerprint));
  bool applied = true;
  const int code = answer(context, context.hub.post(target, *text), [&](const Json& json) {
    show_applied(context, json);
    applied = flag_of(json, "applied");
  });
  return code == kExitOk && !applied ? kExitFailed : code;
}

int run_change_confirm(const Context& context) {
  return answer(context, context.hub.post("/v1/apply/confirm"), [&](const Json& json) {
    context.out << printable(text_of(member_of(json, "plan"), "file")) << " stays in force\n";
  });
}

}  // namespace headgate::tools
