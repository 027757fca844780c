#include "routing/evaluation/evaluator.h"

#include <cmath>

#include "routing/evaluation/compare.h"
#include "routing/evaluation/row_value.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Value::Kind;

}  // namespace

// State of an evaluation that all nodes of the tree share.
struct Evaluator::Run {
  const Expression& condition;
  Reading reading;
  Fields& fields;
  Evaluator& evaluator;
  Slots* slots;

  [[nodiscard]] bool strict() const { return reading.semantics == Semantics::strict; }

  // Blames the first part that has no value, unless what it stands in comes out defined all the same.
  Value value(NodeIndex index) noexcept {
    const std::optional<NodeIndex> before = evaluator.blamed_;
    const Value computed = compute(condition[index]);
    const bool absent = computed.is(Kind::undefined) || computed.is(Kind::missing);
    if (!absent)
      evaluator.blamed_ = before;
    else if (!evaluator.blamed_)
      evaluator.blamed_ = index;
    return computed;
  }

  Value compute(const Node& node) noexcept {
    switch (node.op) {
      case Op::undefined_literal:
        return Value::undefined();
      case Op::null_literal:
        return Value::null();
      case Op::boolean_literal:
        return Value::of(node.number != 0);
      case Op::number_literal:
        return Value::of(node.number);
      case Op::string_literal:
        return Value::of(name(node));
      case Op::property:
        return fields.property(name(node));
      case Op::system_property:
        return fields.system_property(name(node));
      case Op::property_or_system:
        return property_or_system(node);
      case Op::body:
        return body(node);
      case Op::body_or_property:
        return body_or_property(node);
      case Op::topic_level:
        return fields.topic_level(static_cast<int>(node.number));
      case Op::payload:
        return fields.payload(reading.body);
      case Op::aggregate:
      case Op::stateful:
      case Op::group_key:
      case Op::window_field:
        return slots ? slots->value(node.op, node.left) : Value::undefined();
      case Op::conforms:
        return conforms(node);
      case Op::lookup:
        return lookup(node);
      case Op::twin_change_includes:
        return twin_change_includes(node);
      case Op::negate:
        return negate(value(node.left));
      case Op::logical_not:
        return logical_not(node);
      case Op::logical_and:
      case Op::logical_or:
        return logical(node);
      case Op::coalesce:
        return coalesce(node);
      case Op::concat:
        return concat(node);
      case Op::call:
        return call(node);
      case Op::multiply:
      case Op::divide:
      case Op::modulo:
      case Op::add:
      case Op::subtract:
        return arithmetic(node.op, value(node.left), value(node.right));
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
      case Op::equal:
      case Op::not_equal:
        return comparison(node);
    }
    return Value::undefined();
  }

  [[nodiscard]] std::string_view name(const Node& node) const { return condition.names[node.name]; }

  Value property_or_system(const Node& node) noexcept {
    const Value own = fields.property(name(node));
    return own.is(Kind::undefined) ? fields.system_property(name(node).substr(1)) : own;
  }

  Value body_or_property(const Node& node) noexcept {
    const Value own = fields.property(name(node));
    return own.is(Kind::undefined) ? body(node) : own;
  }

  // edgeHub's JSON reader takes strings that look like dates for dates, which no operator knows.
  Value body(const Node& node) noexcept {
    const Value value = fields.body(condition.paths[node.path], reading.body);
    return !strict() && value.is(Kind::string) && looks_like_date(value.text) ? Value::undefined() : value;
  }

  // A value that stands alone, or is the one that `??` chose.
  Value as_written(NodeIndex index) noexcept {
    const Node& node = condition[index];
    if (node.op == Op::coalesce) {
      const Value left = as_written(node.left);
      return is_absent(left) ? as_written(node.right) : left;
    }
    Value whole = value(index);
    const bool of_body = node.op == Op::body || node.op == Op::body_or_property;
    if (of_body && whole.is(Kind::number) && whole.text.empty())
      whole.text = fields.body_json(condition.paths[node.path], reading.body);
    return whole;
  }

  Value conforms(const Node& node) noexcept {
    const Schema* const schema = condition.schemas[node.left].schema.get();
    const std::string_view json = fields.body_value(condition.paths[node.path], reading.body);
    if (schema == nullptr || json.empty()) return Value::undefined();
    switch (evaluator.checker_.check(*schema, json)) {
      case Conformance::yes:
        return Value::of(true);
      case Conformance::no:
        return Value::of(false);
      case Conformance::limit:
        ++evaluator.limits_met_;
        evaluator.limit_ = evaluator.checker_.limit();
        break;
      case Conformance::not_json:
        break;
    }
    return Value::undefined();
  }

  // A change includes what it takes away; edgeHub's reader takes a null for nothing.
  Value twin_change_includes(const Node& node) noexcept {
    using Change = Fields::Change;
    const Change change = fields.twin_change(condition.paths[node.path], reading.body);
    if (change == Change::none) return Value::undefined();
    return Value::of(change == Change::set || (change == Change::removed && strict()));
  }

  Value lookup(const Node& node) noexcept {
    const Value key = value(node.left);
    if (evaluator.tables_ == nullptr) return Value::undefined();
    std::string& text = evaluator.scratch_.next();
    text.clear();
    if (!append_lookup_key(text, key)) return Value::undefined();
    const std::string_view row = evaluator.tables_->row(name(node), text);
    return row.empty() ? Value::undefined() : row_value(row, condition.paths[node.path], evaluator.scratch_);
  }

  static Value negate(const Value& operand) noexcept {
    return operand.is(Kind::number) ? Value::of(-operand.number) : Value::undefined();
  }

  Value logical_not(const Node& node) noexcept {
    if (condition[node.left].type == Type::null) return Value::of(true);
    const Value operand = value(node.left);
    return operand.is(Kind::boolean) ? Value::of(!operand.truth) : Value::undefined();
  }

  // Kleene's logic. The literal null is neutral to OR and swallows AND. edgeHub has a poorer rule where
  // the left operand is a body value: both must be booleans.
  Value logical(const Node& node) noexcept {
    const bool conjunction = node.op == Op::logical_and;
    const bool left_null = condition[node.left].type == Type::null;
    const bool right_null = condition[node.right].type == Type::null;
    if (left_null || right_null) return with_null(node, conjunction, left_null, right_null);
    const Truth decisive = conjunction ? Truth::no : Truth::yes;
    const Truth left = truth_of(value(node.left));
    const bool both_needed = !strict() && condition[node.left].type == Type::dynamic;
    if (!both_needed && left == decisive) return Value::of(left);
    const Truth right = truth_of(value(node.right));
    if (both_needed && (left == Truth::undefined || right == Truth::undefined)) return Value::undefined();
    if (left == decisive || right == decisive) return Value::of(decisive);
    return left == Truth::undefined || right == Truth::undefined ? Value::undefined() : Value::of(left);
  }

  Value with_null(const Node& node, bool conjunction, bool left_null, bool right_null) noexcept {
    if (conjunction || (left_null && right_null)) return Value::null();
    return Value::of(truth_of(value(left_null ? node.right : node.left)));
  }

  // To edgeHub a missing body field is null, and null is defined.
  Value coalesce(const Node& node) noexcept {
    const Value left = value(node.left);
    return is_absent(left) ? value(node.right) : left;
  }

  [[nodiscard]] bool is_absent(const Value& value) const {
    return value.is(Kind::undefined) || (strict() && value.is(Kind::missing));
  }

  Value concat(const Node& node) noexcept {
    const Value parts[] = {value(node.left), value(node.right)};
    CallContext context{evaluator.scratch_, condition[node.left].type, reading.semantics};
    return concatenate(parts, context);
  }

  Value call(const Node& node) noexcept {
    std::vector<Value>& stack = evaluator.arguments_;
    const size_t base = stack.size();
    for (uint32_t i = 0; i < node.right; ++i) stack.push_back(value(condition.arguments[node.left + i]));
    CallContext context{evaluator.scratch_, condition[condition.arguments[node.left]].type,
                        reading.semantics};
    const Value result = functions()[node.function].run(std::span(stack).subspan(base), context);
    stack.resize(base);
    return result;
  }

  static Value arithmetic(Op op, const Value& a, const Value& b) noexcept {
    if (!a.is(Kind::number) || !b.is(Kind::number)) return Value::undefined();
    switch (op) {
      case Op::multiply:
        return Value::of(a.number * b.number);
      case Op::divide:
        return Value::of(a.number / b.number);
      case Op::modulo:
        return Value::of(std::fmod(a.number, b.number));
      case Op::add:
        return Value::of(a.number + b.number);
      default:
        return Value::of(a.number - b.number);
    }
  }

  Value comparison(const Node& node) noexcept {
    const Type left = condition[node.left].type;
    const Type right = condition[node.right].type;
    Value a = value(node.left);
    Value b = value(node.right);
    if (left != Type::dynamic && right != Type::dynamic)
      return Value::of(compare_static(node.op, left, a, b));
    // `= null` asks whether a body has no such value, and a field that is missing has none.
    if (!strict() || right == Type::null) missing_to_null(a);
    if (!strict() || left == Type::null) missing_to_null(b);
    return Value::of(strict() ? compare_bodies(node.op, a, b) : compare_ranked(node.op, a, b));
  }

  static void missing_to_null(Value& value) {
    if (value.is(Kind::missing)) value = Value::null();
  }
};

Truth Evaluator::decide(const Expression& condition, Reading reading, Fields& fields, Slots* slots) noexcept {
  if (condition.empty()) return Truth::yes;
  if (condition[condition.root()].type == Type::null) {
    blamed_.reset();
    return Truth::no;
  }
  return truth_of(evaluate(condition, reading, fields, slots));
}

Value Evaluator::evaluate(const Expression& expression, Reading reading, Fields& fields,
                          Slots* slots) noexcept {
  begin();
  if (expression.empty()) return Value::undefined();
  return Run{expression, reading, fields, *this, slots}.value(expression.root());
}

Value Evaluator::take_over(const Expression& expression, Reading reading, Fields& fields,
                           Slots* slots) noexcept {
  begin();
  if (expression.empty()) return Value::undefined();
  return Run{expression, reading, fields, *this, slots}.as_written(expression.root());
}

void Evaluator::begin() {
  blamed_.reset();
  scratch_.clear();
  arguments_.clear();
}

}  // namespace headgate::routing
