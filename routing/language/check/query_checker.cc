#include "routing/language/check/query_checker.h"

#include <algorithm>
#include <string>
#include <vector>

#include "routing/language/check/checker.h"
#include "routing/language/check/window_values.h"
#include "routing/language/query_functions.h"
#include "routing/language/route_source.h"

namespace headgate::routing {
namespace {

// Whether a value of that type can be one of the wanted type.
bool fits(Type wanted, Type given) {
  if (wanted == Type::dynamic || given == Type::dynamic || given == wanted) return true;
  return wanted == Type::boolean && (given == Type::null || given == Type::undefined);
}

// Whether a twin's change can come from there.
bool gives_twin_changes(const RouteSource& source) {
  return source.kind == RouteSource::Kind::path && kTwinChangesPath.starts_with(source.text);
}

// Every condition and value of the route.
std::vector<const Expression*> expressions_of(const ParsedRoute& route) {
  std::vector<const Expression*> all = {&route.condition, &route.query.having, &route.query.timestamp};
  for (const Expression& key : route.query.keys) all.push_back(&key);
  for (const SelectItem& item : route.query.items) all.push_back(&item.value);
  for (const Stateful& stateful : route.query.stateful) all.push_back(&stateful.argument);
  for (const Aggregate& aggregate : route.query.aggregates) {
    all.push_back(&aggregate.argument);
    all.push_back(&aggregate.filter);
  }
  return all;
}

void check_twin_changes(const ParsedRoute& route, Diagnostics& found) {
  if (gives_twin_changes(route.source)) return;
  for (const Expression* const expression : expressions_of(route)) {
    for (const Node& node : expression->nodes) {
      if (node.op != Op::twin_change_includes) continue;
      found.error(node.offset, node.length,
                  "`twin_change_includes` looks at changes of twins, and none comes from this source",
                  "write FROM /twinChangeNotifications");
    }
  }
}

class RouteChecker {
 public:
  RouteChecker(ParsedRoute& route, Diagnostics& found)
      : query_(route.query),
        route_(route),
        found_(found),
        windowed_(query_.window.kind != Window::Kind::none) {}

  void run() {
    for (Expression& key : query_.keys) check_value(key, query_, found_);
    for (Stateful& stateful : query_.stateful) remembered(stateful);
    for (Aggregate& aggregate : query_.aggregates) gathered(aggregate);
    check(route_.condition, Semantics::strict, found_, &query_);
    timestamp();
    results();
  }

 private:
  void remembered(Stateful& stateful) {
    const StatefulFunction& function = function_of(stateful.kind);
    argument(stateful.argument, function.argument, function.name);
    for (Expression& key : stateful.over) check_value(key, query_, found_);
    if (stateful.kind == StatefulKind::changed && stateful.number > 0) argument_of_band(stateful.argument);
  }

  void gathered(Aggregate& aggregate) {
    const AggregateFunction& function = function_of(aggregate.kind);
    argument(aggregate.argument, function.argument, function.name);
    check_value(aggregate.by, query_, found_);
    argument(aggregate.filter, Type::boolean, "FILTER");
  }

  void argument(Expression& value, Type wanted, std::string_view function) {
    if (value.empty() || !check_value(value, query_, found_)) return;
    const Node& root = value[value.root()];
    if (fits(wanted, root.type)) return;
    error(root,
          quote(function) + " needs " + std::string(to_string(wanted)) + ", this is " +
              std::string(to_string(root.type)),
          advice(root, wanted));
  }

  void argument_of_band(const Expression& value) {
    const Node& root = value[value.root()];
    if (root.type != Type::string) return;
    error(root, "a band needs a number, this is a string", advice(root, Type::number));
  }

  [[nodiscard]] std::string advice(const Node& root, Type wanted) const {
    if (wanted == Type::number && root.type == Type::string)
      return "write " + quote("as_number(" + text_of(root) + ")");
    if (wanted == Type::number && root.type == Type::boolean)
      return "count_if(…) counts for how many messages it is true";
    if (wanted == Type::boolean) return "compare it with something";
    return {};
  }

  void timestamp() {
    for (Expression& key : query_.timestamp_over) check_value(key, query_, found_);
    if (query_.timestamp.empty() || !check_value(query_.timestamp, query_, found_)) return;
    const Node& root = query_.timestamp[query_.timestamp.root()];
    if (root.type == Type::boolean || root.type == Type::null || root.type == Type::undefined)
      error(root, "a timestamp is a number or a text, this is " + std::string(to_string(root.type)),
            "write TIMESTAMP BY $body.ts");
  }

  // Values that are computed once a message, or once a window.
  void results() {
    WindowValues values(query_, found_);
    for (SelectItem& item : query_.items) {
      result(item.value, values, WindowValues::Of::select);
      check_value(item.value, query_, found_);
    }
    result(query_.having, values, WindowValues::Of::having);
    check(query_.having, Semantics::strict, found_, &query_);
    for (Sink& sink : route_.sinks) {
      for (TopicTemplate::Piece& piece : sink.filled_in.pieces) topic_value(piece.value, values);
    }
  }

  void result(Expression& value, WindowValues& values, WindowValues::Of of) {
    if (windowed_) return values.resolve(value, of);
    for (Node& node : value.nodes) {
      if (node.op == Op::aggregate)
        error(node, "an aggregate needs a window",
              "write GROUP BY Tumbling(1m), or with keys: GROUP BY $body.id, Tumbling(1m)");
      if (is_system_name(node.op) && is_window_name(name_of(value, node))) {
        error(node, quote(text_of(node)) + " is of a window, and this route has none",
              "write GROUP BY Tumbling(1m)");
        node.op = Op::window_field;
        node.left = 0;
      }
    }
  }

  void topic_value(Expression& value, WindowValues& values) {
    if (value.empty()) return;
    const Node root = value[value.root()];
    if (root.op == Op::aggregate || root.op == Op::stateful) return;  // the parser has refused it
    if (windowed_) {
      const size_t before = found_.errors();
      values.resolve(value, WindowValues::Of::topic);
      if (found_.errors() > before) return;
      if (value[value.root()].op != Op::group_key)
        error(root, "a topic of a window is made of GROUP BY keys", "add this to GROUP BY");
    } else if (!is_plain(root.op)) {
      error(root, "a topic is filled in with single values of the message",
            "write a path, a property or topic_level(n) between `{` and `}`");
      return;
    }
    check_value(value, query_, found_);
  }

  static bool is_system_name(Op op) { return op == Op::property_or_system || op == Op::system_property; }

  static bool is_plain(Op op) {
    return op == Op::topic_level || op == Op::lookup || (op >= Op::property && op <= Op::body_or_property);
  }

  [[nodiscard]] static std::string name_of(const Expression& value, const Node& node) {
    return (node.op == Op::system_property ? "$" : "") + value.names[node.name];
  }

  [[nodiscard]] std::string text_of(const Node& node) const {
    return std::string(found_.text().substr(node.offset, node.length));
  }

  void error(const Node& node, std::string message, std::string suggestion) {
    found_.error(node.offset, node.length, std::move(message), std::move(suggestion));
  }

  Query& query_;
  ParsedRoute& route_;
  Diagnostics& found_;
  bool windowed_;
};

}  // namespace

void check_route(ParsedRoute& route, Semantics semantics, Diagnostics& found) {
  if (semantics == Semantics::edgehub)
    check(route.condition, semantics, found);
  else
    RouteChecker(route, found).run();
  check_twin_changes(route, found);
}

}  // namespace headgate::routing
