#include "routing/trial/trace.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "routing/compute/json_row.h"
#include "routing/evaluation/row_value.h"
#include "routing/language/print.h"

namespace headgate::routing {
namespace {

using Kind = Value::Kind;

constexpr size_t kShownCharacters = 60;

std::string_view name_of(Truth truth) {
  return truth == Truth::yes ? "true" : truth == Truth::no ? "false" : "undefined";
}

bool is_field(Op op) {
  switch (op) {
    case Op::property:
    case Op::system_property:
    case Op::property_or_system:
    case Op::body:
    case Op::body_or_property:
    case Op::topic_level:
    case Op::payload:
    case Op::stateful:
    case Op::conforms:
    case Op::lookup:
    case Op::twin_change_includes:
      return true;
    default:
      return false;
  }
}

bool is_body(Op op) { return op == Op::body || op == Op::body_or_property; }

bool is_absent(const Value& value) { return value.is(Kind::undefined) || value.is(Kind::missing); }

// Indexes of the operands of a part, in their order.
std::vector<NodeIndex> operands(const Expression& condition, const Node& node) {
  switch (node.op) {
    case Op::negate:
    case Op::logical_not:
    case Op::lookup:
      return {node.left};
    case Op::call: {
      const auto first = condition.arguments.begin() + node.left;
      return {first, first + node.right};
    }
    default:
      break;
  }
  const bool binary = node.op >= Op::multiply && node.op <= Op::coalesce;
  return binary ? std::vector<NodeIndex>{node.left, node.right} : std::vector<NodeIndex>{};
}

class Tracer {
 public:
  Tracer(const CompiledRoute& route, MessageFields& fields, Slots* slots, const LookupTables* tables)
      : route_(route), fields_(fields), slots_(slots), tables_(tables) {
    evaluator_.use_tables(tables);
  }

  [[nodiscard]] std::vector<TraceLine> trace() {
    if (!route_.condition.empty()) explain(route_.condition.root(), 0);
    return std::move(lines_);
  }

 private:
  // Views into the evaluator are good until the next call.
  [[nodiscard]] Value value(const Expression& whole, NodeIndex part) {
    Expression alone = whole;
    alone.nodes.resize(part + 1);
    return evaluator_.evaluate(alone, route_.reading, fields_, slots_);
  }
  [[nodiscard]] Value value(NodeIndex part) { return value(route_.condition, part); }

  [[nodiscard]] std::string text(const Expression& whole, NodeIndex part) const {
    return print(whole, part, route_.query);
  }

  void explain(NodeIndex part, size_t depth) {
    const Node& node = route_.condition[part];
    const Truth truth = truth_of(value(part));
    const bool connective =
        node.op == Op::logical_and || node.op == Op::logical_or || node.op == Op::logical_not;
    std::string line = "(" + text(route_.condition, part) + ") = " + std::string(name_of(truth));
    if (!connective) line += reasons(route_.condition, part, truth == Truth::undefined);
    lines_.push_back({depth, std::move(line)});
    if (!connective) return;
    for (const NodeIndex operand : operands(route_.condition, node)) {
      const bool decides = node.op != Op::logical_and || truth_of(value(operand)) == truth;
      if (decides) explain(operand, depth + 1);
    }
  }

  static void collect_fields(const Expression& whole, NodeIndex part, std::vector<NodeIndex>& fields) {
    const Node& node = whole[part];
    if (is_field(node.op)) fields.push_back(part);
    for (const NodeIndex operand : operands(whole, node)) collect_fields(whole, operand, fields);
  }

  // ": $body.a is not there"; of an undefined part the fields that are absent, if there are any, else all.
  [[nodiscard]] std::string reasons(const Expression& whole, NodeIndex part, bool undefined) {
    std::vector<NodeIndex> fields;
    collect_fields(whole, part, fields);
    const auto absent = [&](NodeIndex field) { return is_absent(value(whole, field)); };
    const bool only_absent = undefined && std::ranges::any_of(fields, absent);
    std::string out;
    for (const NodeIndex field : fields) {
      if (only_absent && !absent(field)) continue;
      const std::string reason = describe_field(whole, field);
      if (out.find(reason) != std::string::npos) continue;  // a field that stands there twice
      out.append(out.empty() ? ": " : ", ").append(reason);
    }
    return out;
  }

  [[nodiscard]] std::string describe_field(const Expression& whole, NodeIndex field) {
    const Op op = whole[field].op;
    if (op == Op::conforms) return describe_check(whole, whole[field]);
    const std::string name = text(whole, field);
    const Value found = value(whole, field);
    if (!is_absent(found)) {
      std::string shown;
      append_shown(shown, found);
      return name + " is " + shown;
    }
    if (op == Op::stateful) return name + missing_of(route_.query.stateful[whole[field].left]);
    if (is_body(op) && !fields_.body_problem().empty())
      return "the body " + std::string(fields_.body_problem());
    if (is_body(op) && found.is(Kind::undefined)) return name + " is an object or an array";
    if (op == Op::lookup) return describe_lookup(whole, field);
    if (op == Op::twin_change_includes)
      return fields_.body_problem().empty() ? "the message is no change of a twin"
                                            : "the body " + std::string(fields_.body_problem());
    if (op == Op::payload) return "the body is an object, an array, or no text";
    return name + " is not there";
  }

  // Why a function that remembers has no value.
  [[nodiscard]] std::string missing_of(const Stateful& function) {
    if (!slots_) return " is not known";
    if (function.kind == StatefulKind::lag)
      return " has no value: there is no such message before, or it had none";
    const Expression& argument = function.argument;
    const Value now = evaluator_.evaluate(argument, route_.reading, fields_, slots_);
    const bool wants_number = function.kind == StatefulKind::diff;
    if (wants_number && now.is(Kind::number)) return " has no value: no message came before";
    return " has no value" + reasons(argument, argument.root(), !wants_number || is_absent(now));
  }

  // "it conforms to reading.json", "by reading.json /celsius is 'x'; allowed: number".
  [[nodiscard]] std::string describe_check(const Expression& whole, const Node& node) {
    const SchemaUse& use = whole.schemas[node.left];
    const BodyPath& path = whole.paths[node.path];
    const std::string_view json = fields_.body_value(path, route_.reading.body);
    if (json.empty() && !fields_.body_problem().empty())
      return "the body " + std::string(fields_.body_problem());
    if (json.empty() || !use.schema) return "$body." + print(path) + " is not there";
    Violation why;
    if (checker_.check(*use.schema, json, &why) == Conformance::yes) return "it conforms to " + use.file;
    return "by " + use.file + " " + why.text();
  }

  // "limits has no row 'm1'", or what else left it without a value.
  [[nodiscard]] std::string describe_lookup(const Expression& whole, NodeIndex lookup) {
    const Node& node = whole[lookup];
    const std::string& table = whole.names[node.name];
    std::string key;
    if (!append_lookup_key(key, value(whole, node.left))) return text(whole, lookup) + " has no key";
    if (tables_ == nullptr) return text(whole, lookup) + " is not known";
    const std::string row = "row '" + core::printable(core::shortened(key, kShownCharacters)) + "'";
    if (tables_->row(table, key).empty()) return "table " + table + " has no " + row;
    return "the " + row + " of table " + table + " has no value for " + text(whole, lookup);
  }

  static void append_shown(std::string& out, const Value& value) {
    if (!value.is(Kind::string)) {
      append_json_value(out, value);
      return;
    }
    out.append("'").append(core::printable(core::shortened(value.text, kShownCharacters))).append("'");
  }

  const CompiledRoute& route_;
  MessageFields& fields_;
  Slots* slots_;
  const LookupTables* tables_;
  Evaluator evaluator_;
  SchemaChecker checker_;
  std::vector<TraceLine> lines_;
};

}  // namespace

std::vector<TraceLine> trace_condition(const CompiledRoute& route, MessageFields& fields, Slots* slots,
                                       const LookupTables* tables) {
  return Tracer(route, fields, slots, tables).trace();
}

}  // namespace headgate::routing
