#include "routing/trial/explain.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text.h"
#include "routing/compute/computation.h"
#include "routing/compute/result_topic.h"
#include "routing/files/compute_rule.h"
#include "routing/language/duration.h"
#include "routing/language/print.h"

namespace headgate::routing {
namespace {

constexpr std::string_view kTimeForms =
    "ISO 8601, UTC where it has no zone; a number below 10^11 is seconds, 10^14 milliseconds, 10^17 microseconds, else "
    "nanoseconds";

std::string span_text(int64_t ms) { return ms == 0 ? "0s" : print_duration(ms); }

std::string joined(const std::vector<Expression>& expressions, const Query& query) {
  std::string out;
  for (const Expression& one : expressions) out.append(out.empty() ? "" : ", ").append(print(one, query));
  return out;
}

bool uses(const Expression& expression, Op op) {
  return std::ranges::any_of(expression.nodes, [op](const Node& node) { return node.op == op; });
}

bool uses_anywhere(const CompiledRoute& route, Op op) {
  const Query& query = route.query;
  const auto in = [op](const Expression& one) { return uses(one, op); };
  const auto in_item = [&](const SelectItem& item) { return in(item.value); };
  const auto in_aggregate = [&](const Aggregate& one) { return in(one.argument) || in(one.filter); };
  return in(route.condition) || std::ranges::any_of(query.items, in_item) ||
         std::ranges::any_of(query.keys, in) || std::ranges::any_of(query.aggregates, in_aggregate);
}

class Explainer {
 public:
  Explainer(const RouteSpec& spec, const CompiledRoute& route, const std::vector<TableSource>& tables)
      : spec_(spec), route_(route), query_(route.query), tables_(tables), plan_{spec.name,
                                                                                route.query,
                                                                                route.condition,
                                                                                route.reading,
                                                                                route.sinks,
                                                                                spec.limits} {}

  Explanation explain() {
    out_.name = spec_.name;
    out_.has_state = query_.has_state();
    add("route", print(route_.source, route_.condition, query_, route_.sinks));
    add("kind", kind());
    add("beyond", beyond());
    add_plan();
    add_time();
    add_state();
    for (const Sink& sink : route_.sinks) add("leads to", destination(sink));
    if (spec_.shadow) add("shadow", "it counts what would go there, and delivers nothing");
    return std::move(out_);
  }

 private:
  void add(std::string_view topic, std::string text) {
    if (!text.empty()) out_.lines.push_back({topic, std::move(text)});
  }

  [[nodiscard]] std::string kind() const {
    if (query_.window.kind != Window::Kind::none) return "aggregates messages in windows";
    const std::string made = query_.passes_on() ? "passes messages on" : "makes a row of each message";
    if (query_.has_state() && query_.stateful.empty()) return made + ", and looks up in tables";
    return query_.has_state() ? made + ", and remembers" : made;
  }

  // Clauses that IoT Edge's edgeHub does not have.
  [[nodiscard]] std::string beyond() const {
    std::vector<std::string> clauses;
    if (!query_.all || !query_.items.empty()) clauses.emplace_back("SELECT list");
    if (route_.source.kind == RouteSource::Kind::topic_filter) clauses.emplace_back("FROM a topic filter");
    if (!query_.timestamp.empty()) clauses.emplace_back("TIMESTAMP BY");
    for (const Stateful& one : query_.stateful) clauses.push_back(print(one, query_));
    if (query_.window.kind != Window::Kind::none) clauses.push_back("GROUP BY " + print(query_.window));
    if (!query_.having.empty()) clauses.emplace_back("HAVING");
    if (uses_anywhere(route_, Op::topic_level)) clauses.emplace_back("topic_level()");
    if (uses_anywhere(route_, Op::payload)) clauses.emplace_back("payload()");
    if (uses_anywhere(route_, Op::conforms)) clauses.emplace_back("conforms()");
    if (uses_anywhere(route_, Op::twin_change_includes)) clauses.emplace_back("twin_change_includes()");
    if (!query_.lookups.empty()) clauses.emplace_back("lookup()");
    if (route_.sinks.size() > 1) clauses.emplace_back("several sinks");
    for (const Sink& sink : route_.sinks) {
      const bool legacy = sink.kind == Sink::Kind::module_input || print(sink, query_) == "$upstream";
      if (!legacy) clauses.push_back("INTO " + print(sink, query_));
    }
    std::string out;
    for (const std::string& clause : clauses) out.append(out.empty() ? "" : ", ").append(clause);
    return out.empty() ? "nothing: edgeHub takes this route too" : out;
  }

  void add_plan() {
    if (query_.window.kind != Window::Kind::none) add("window", print(query_.window));
    add("groups", joined(query_.keys, query_));
    for (const Aggregate& one : query_.aggregates) add("aggregate", print(one, query_));
    for (const Stateful& one : query_.stateful) add("remembers", print(one, query_) + per_key(one));
    add("having", print(query_.having, query_));
    add_tables();
  }

  void add_tables() {
    std::set<std::string_view> named;
    for (const Lookup& lookup : query_.lookups) {
      if (!named.insert(lookup.table).second) continue;
      const auto known = std::ranges::find(tables_, lookup.table, &TableSource::name);
      add("looks up in",
          lookup.table + ": " + (known == tables_.end() ? "not declared" : table_text(*known)));
    }
  }

  // "limits.csv by asset, 3 rows"
  static std::string table_text(const TableSource& table) {
    std::string text = describe(table);
    if (table.key_level > 0) text += ", key topic_level(" + std::to_string(table.key_level) + ")";
    if (!table.key.empty()) text += ", key " + table.key;
    if (table.rows)
      text += ", " + std::to_string(table.rows->rows().size()) + " rows of " +
              std::to_string(table.rows->bytes()) + " bytes";
    return text + ", at most " + std::to_string(table.limits.bytes_max) + " bytes";
  }

  static std::string per_key(const Stateful& one) {
    if (one.kind == StatefulKind::sample) return ": nothing, the message's number decides";
    return one.over.empty() ? ", for each sender and topic" : "";
  }

  void add_time() {
    const ComputeLimits& limits = spec_.limits;
    if (query_.window.kind == Window::Kind::none || query_.window.kind == Window::Kind::count) return;
    if (query_.timestamp.empty()) return add("time", "arrival at the hub");
    add("time", print(query_.timestamp, query_) + ": " + std::string(kTimeForms));
    if (!query_.timestamp_over.empty())
      add("watermark", "one for each " + joined(query_.timestamp_over, query_));
    add("waits", span_text(limits.tolerance_ms) + " for messages out of order, " + span_text(limits.idle_ms) +
                     " for a source that is idle");
    const bool revises = limits.late == LatePolicy::revise;
    add("late", std::string(to_string(limits.late)) +
                    (revises ? ", for " + span_text(limits.keep_ms) + " after the end of the window" : ""));
  }

  void add_state() {
    if (!out_.has_state) return;
    out_.group_bytes_max = group_bound_bytes(plan_);
    if (out_.group_bytes_max == 0) return;
    out_.state_bytes_max = std::min(state_bound_bytes(plan_), spec_.limits.state_bytes_max);
    const uint64_t groups = std::min<uint64_t>(
        spec_.limits.groups_max, out_.state_bytes_max / std::max<uint64_t>(out_.group_bytes_max, 1));
    add("state", "at most " + std::to_string(out_.state_bytes_max) + " bytes: " + std::to_string(groups) +
                     " groups of at most " + std::to_string(out_.group_bytes_max) +
                     " bytes; of more, those that are idle longest go first");
  }

  [[nodiscard]] std::string destination(const Sink& sink) const {
    if (sink.kind == Sink::Kind::null) return "$null: nobody";
    const std::string named = named_topic(sink, std::nullopt);
    std::string topic = " as " + (named.empty() ? default_result_topic(spec_.name) : named);
    if (sink.kind == Sink::Kind::topic || (query_.passes_on() && named.empty())) topic.clear();
    return print(sink, query_) + topic + (sink.kind == Sink::Kind::topic && spec_.retain ? ", retained" : "");
  }

  const RouteSpec& spec_;
  const CompiledRoute& route_;
  const Query& query_;
  const std::vector<TableSource>& tables_;
  ComputePlan plan_;
  Explanation out_;
};

}  // namespace

Explanation explain_route(const RouteSpec& spec, const CompiledRoute& compiled,
                          const std::vector<TableSource>& tables) {
  return Explainer(spec, compiled, tables).explain();
}

}  // namespace headgate::routing
