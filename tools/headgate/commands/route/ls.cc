#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"
#include "tools/headgate/trial_text.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string time_to_live(const Json& route) {
  const uint64_t seconds = number_of(route, "ttl_s");
  return seconds == 0 ? "for ever" : human_duration(static_cast<int64_t>(seconds));
}

std::string_view state_of(const Json& route) {
  if (flag_of(route, "kept")) return "kept";
  if (member_of(route, "shadow").is_object() && flag_of(route, "active")) return "shadow";
  return flag_of(route, "active") ? "active" : "left out";
}

void show_computed(std::ostream& out, const Json& json) {
  for (const Json& route : member_of(json, "routes")) {
    const Json computed = member_of(route, "computed");
    const uint64_t type_errors = number_of(route, "type_errors");
    if (!computed.is_object() && type_errors == 0) continue;
    out << '\n' << printable(text_of(route, "name")) << ':';
    if (computed.is_object())
      out << ' ' << number_of(computed, "evaluated") << " evaluated, " << number_of(computed, "results")
          << " results, " << number_of(computed, "late") << " late, " << number_of(computed, "evicted")
          << " evicted; " << number_of(computed, "groups") << " groups in "
          << human_bytes(number_of(computed, "state_bytes"));
    out << '\n';
    if (type_errors > 0)
      out << "  " << type_errors << " type errors, the last: " << printable(text_of(route, "type_error_last"))
          << '\n';
    if (const uint64_t groups = number_of(computed, "draining"); groups > 0)
      out << "  drains " << groups << " groups of an earlier version\n";
    if (const std::string why = text_of(computed, "blocked_by"); !why.empty())
      out << "  waits: " << printable(why) << '\n';
  }
}

void show_shadows(std::ostream& out, const Json& json) {
  for (const Json& route : member_of(json, "routes")) {
    const Json shadow = member_of(route, "shadow");
    if (!shadow.is_object() || !flag_of(route, "active")) continue;
    out << '\n'
        << printable(text_of(route, "name")) << ": a shadow, " << number_of(shadow, "evaluated")
        << " evaluated, would have given " << number_of(shadow, "results");
    if (const uint64_t missed = number_of(shadow, "missed"); missed > 0)
      out << "; " << missed << " messages missed by all shadows";
    out << '\n';
    if (number_of(shadow, "last_ms") > 0)
      out << "  the last: " << printable(text_of(shadow, "last_to")) << "  "
          << printable(text_of(shadow, "last_topic")) << "  " << trial_body_text(text_of(shadow, "last_body"))
          << '\n';
  }
}

void show_tables(std::ostream& out, const Json& json) {
  const Json tables = member_of(json, "tables");
  if (tables.empty()) return;
  Table shown({{"TABLE"},
               {"ROWS", Align::right},
               {"BYTES", Align::right},
               {"HASH"},
               {"REFUSED", Align::right},
               {"FROM"},
               {"FILE"}});
  for (const Json& table : tables) {
    const bool in_force = flag_of(table, "in_force");
    const auto number = [&](const char* key) {
      return in_force ? std::to_string(number_of(table, key)) : "-";
    };
    shown.add({printable(text_of(table, "name")), number("rows"), number("bytes"),
               or_dash(text_of(table, "hash")), number("refused"), or_dash(text_of(table, "origin")),
               or_dash(text_of(table, "file"))});
  }
  out << '\n';
  shown.print(out);
  for (const Json& table : tables) {
    const std::string error = text_of(table, "error");
    if (!error.empty()) out << '\n' << printable(text_of(table, "name")) << ": " << printable(error) << '\n';
  }
}

Table table_of_routes(const Json& json) {
  Table table({{"ROUTE"},
               {"STATE"},
               {"PRIORITY"},
               {"KEPT"},
               {"EVALUATED", Align::right},
               {"MATCHED", Align::right},
               {"UNDEFINED", Align::right},
               {"UNREADABLE", Align::right},
               {"OUT", Align::right},
               {"INTO"},
               {"FILE"}});
  for (const Json& route : member_of(json, "routes")) {
    const bool ranked = member_of(route, "priority").is_number();
    table.add({printable(text_of(route, "name")), std::string(state_of(route)),
               ranked ? std::to_string(number_of(route, "priority")) : "-", time_to_live(route),
               std::to_string(number_of(route, "evaluated")), std::to_string(number_of(route, "matched")),
               std::to_string(number_of(route, "undefined")), std::to_string(number_of(route, "unreadable")),
               std::to_string(number_of(route, "results")), or_dash(text_of(route, "endpoint")),
               or_dash(text_of(route, "file"))});
  }
  return table;
}

void show_details(std::ostream& out, const Json& json) {
  for (const Json& route : member_of(json, "routes")) {
    const std::string reason = text_of(route, "undefined_last");
    if (reason.empty()) continue;
    out << '\n'
        << printable(text_of(route, "name")) << ": last undecided at "
        << iso_time(static_cast<int64_t>(number_of(route, "undefined_last_ms"))) << ": " << printable(reason)
        << '\n';
  }
  show_computed(out, json);
  show_shadows(out, json);
  show_tables(out, json);
  for (const Json& route : member_of(json, "routes")) {
    const std::string error = text_of(route, "error");
    if (!error.empty())
      out << '\n'
          << printable(text_of(route, "name")) << ":\n"
          << printable(error, core::LineFeeds::kept) << '\n';
  }
}

}  // namespace

int run_route_ls(const Context& context) {
  return answer_table(context, context.hub.get("/v1/routes"), table_of_routes,
                      [&](const Json& json) { show_details(context.out, json); });
}

}  // namespace headgate::tools
