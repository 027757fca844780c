#include "routing/language/check/checker.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/text.h"
#include "routing/language/check/name_warnings.h"
#include "routing/language/functions.h"
#include "routing/language/query_functions.h"

namespace headgate::routing {
namespace {

std::string_view symbol(Op op) {
  switch (op) {
    case Op::negate:
    case Op::subtract:
      return "-";
    case Op::logical_not:
      return "NOT";
    case Op::multiply:
      return "*";
    case Op::divide:
      return "/";
    case Op::modulo:
      return "%";
    case Op::add:
      return "+";
    case Op::concat:
      return "||";
    case Op::less:
      return "<";
    case Op::less_equal:
      return "<=";
    case Op::greater:
      return ">";
    case Op::greater_equal:
      return ">=";
    case Op::equal:
      return "=";
    case Op::not_equal:
      return "!=";
    case Op::logical_and:
      return "AND";
    case Op::logical_or:
      return "OR";
    case Op::coalesce:
      return "??";
    default:
      return "";
  }
}

bool matches(Type wanted, Type given) {
  return wanted == given || wanted == Type::dynamic || given == Type::dynamic;
}

bool is_truth(Type type) { return type == Type::null || type == Type::boolean || type == Type::undefined; }

bool is_name(Op op) {
  return op == Op::property || op == Op::property_or_system || op == Op::system_property || op == Op::body ||
         op == Op::body_or_property;
}

class Checker {
 public:
  Checker(Expression& condition, Semantics semantics, const Query* query, Diagnostics& found)
      : condition_(condition), strict_(semantics == Semantics::strict), query_(query), found_(found) {}

  // Gives the nodes their types. False if the root has none.
  bool run() {
    wrong_.resize(condition_.nodes.size());
    for (NodeIndex i = 0; i < condition_.nodes.size(); ++i) {
      Node& node = condition_.nodes[i];
      wrong_[i] = !node_type(node);
      if (is_name(node.op)) warn_about_name(node, condition_.names[node.name], found_);
    }
    return !wrong_[condition_.root()];
  }

  void check_root() { check_root(condition_.nodes.back()); }

 private:
  // Sets the node's type; false if it has none. Reports unless a child was reported already.
  bool node_type(Node& node) {
    switch (node.op) {
      case Op::undefined_literal:
        return set(node, Type::undefined);
      case Op::null_literal:
        return set(node, Type::null);
      case Op::boolean_literal:
        return set(node, Type::boolean);
      case Op::number_literal:
        return set(node, Type::number);
      case Op::string_literal:
      case Op::property:
      case Op::system_property:
      case Op::property_or_system:
        return set(node, Type::string);
      case Op::topic_level:
        return set(node, Type::string);
      case Op::conforms:
      case Op::twin_change_includes:
        return set(node, Type::boolean);
      case Op::body:
      case Op::body_or_property:
      case Op::payload:
        return set(node, Type::dynamic);
      case Op::aggregate:
      case Op::stateful:
      case Op::group_key:
      case Op::window_field:
        return set(node, type_elsewhere(node));
      case Op::lookup:
        return !wrong_[node.left] && lookup(node);
      case Op::negate:
        return !wrong_[node.left] && negate(node);
      case Op::logical_not:
        return !wrong_[node.left] && logical_not(node);
      case Op::call:
        return call(node);
      case Op::multiply:
      case Op::divide:
      case Op::modulo:
      case Op::add:
      case Op::subtract:
        return is_sound(node) && arithmetic(node);
      case Op::concat:
        return is_sound(node) && both(node, Type::string) && set(node, Type::string);
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
      case Op::equal:
      case Op::not_equal:
        return is_sound(node) && comparison(node);
      case Op::logical_and:
      case Op::logical_or:
        return is_sound(node) && logical(node);
      case Op::coalesce:
        return is_sound(node) && coalesce(node);
    }
    return false;
  }

  // Type of a value that is computed elsewhere.
  [[nodiscard]] Type type_elsewhere(const Node& node) const {
    if (query_ == nullptr) return Type::dynamic;
    if (node.op == Op::aggregate) return function_of(query_->aggregates[node.left].kind).result;
    if (node.op == Op::stateful) return function_of(query_->stateful[node.left].kind).result;
    if (node.op == Op::group_key) return key_type(query_->keys[node.left]);
    return static_cast<WindowField>(node.left) == WindowField::complete ? Type::boolean : Type::number;
  }

  // Without a value a key is null, which only a body value can be.
  static Type key_type(const Expression& key) {
    const Type type = key[key.root()].type;
    return type == Type::string || type == Type::number || type == Type::boolean ? type : Type::dynamic;
  }

  static bool set(Node& node, Type type) {
    node.type = type;
    return true;
  }

  // Neither side was reported already.
  [[nodiscard]] bool is_sound(const Node& node) const { return !wrong_[node.left] && !wrong_[node.right]; }

  bool lookup(Node& node) {
    const Node& key = left(node);
    if (key.type == Type::null || key.type == Type::undefined)
      return error(key, "no row has this key: it is " + std::string(to_string(key.type)),
                   "a key is a text, a number or a boolean, such as $body.machine");
    for (const BodyStep& step : condition_.paths[node.path]) warn_about_name(node, step.name, found_);
    return set(node, Type::dynamic);
  }

  bool negate(Node& node) {
    const Type type = left(node).type;
    if (!strict_ && type == Type::dynamic) return no_edgehub_operator(node);
    if (!matches(Type::number, type)) return operand_error(node, Type::number);
    return set(node, type);
  }

  bool logical_not(Node& node) {
    const Type type = left(node).type;
    if (type == Type::null || type == Type::boolean) return set(node, Type::boolean);
    if (type == Type::dynamic) return set(node, strict_ ? Type::boolean : Type::dynamic);
    return operand_error(node, Type::boolean);
  }

  bool arithmetic(Node& node) {
    const bool dynamic = left(node).type == Type::dynamic || right(node).type == Type::dynamic;
    if (!both(node, Type::number)) return false;
    if (!strict_ && dynamic && node.op == Op::modulo) return no_edgehub_operator(node);
    return set(node, dynamic ? Type::dynamic : Type::number);
  }

  // edgeHub checks the left operand where it should check the right one: a body value may stand on the
  // right only of another, and on the right of a body value may stand anything.
  bool logical(Node& node) {
    const Type a = left(node).type;
    const Type b = right(node).type;
    if (!strict_ && is_truth(a) && b == Type::dynamic) {
      return error(
          node, "edgeHub cannot compute " + quote(symbol(node.op)) + " with a body value only on its right",
          "put the body value first, or use strict semantics");
    }
    const bool left_fits = is_truth(a) || a == Type::dynamic;
    const bool right_fits = is_truth(b) || b == Type::dynamic || (!strict_ && a == Type::dynamic);
    if (!left_fits || !right_fits) return operands_error(node, Type::boolean);
    const bool body = a == Type::dynamic || b == Type::dynamic;
    const bool both_null = a == Type::null && b == Type::null;
    const bool any_null = a == Type::null || b == Type::null;
    const bool is_null = node.op == Op::logical_and ? any_null && !body : both_null;
    return set(node, is_null ? Type::null : Type::boolean);
  }

  bool coalesce(Node& node) {
    const Type a = left(node).type;
    const Type b = right(node).type;
    if (!matches(a, b)) return operands_error(node, a);
    return set(node, a == Type::dynamic || b == Type::dynamic ? Type::dynamic : a);
  }

  bool comparison(Node& node) {
    if (!matches(left(node).type, right(node).type)) return comparison_error(node);
    return set(node, Type::boolean);
  }

  bool both(Node& node, Type wanted) {
    if (matches(wanted, left(node).type) && matches(wanted, right(node).type)) return true;
    return operands_error(node, wanted);
  }

  bool call(Node& node) {
    const std::string& name = condition_.names[node.name];
    const auto index = find_function(name);
    if (!index) return unknown_function(node, name);
    node.function = *index;
    const Function& function = functions()[*index];
    for (uint32_t i = 0; i < node.right; ++i) {
      if (wrong_[condition_.arguments[node.left + i]]) return false;
    }
    if (node.right < function.arguments_min || node.right > function.arguments_max) {
      return error(node, "wrong number of arguments: " + std::to_string(node.right),
                   "the function is " + quote(function.signature));
    }
    for (uint32_t i = 0; i < node.right; ++i) {
      const Node& argument = condition_[condition_.arguments[node.left + i]];
      if (!accepts(i == 0 ? function.first : function.others, argument.type)) {
        return argument_error(argument, function);
      }
      if (function.name == "as_number" && argument.op == Op::property)
        warn_about_dash(argument, condition_.names[argument.name], found_);
    }
    return set(node, function.result);
  }

  static bool accepts(Function::Accepts wanted, Type given) {
    if (given == Type::dynamic || wanted == Function::Accepts::any) return true;
    if (given == Type::string) return wanted != Function::Accepts::number;
    return given == Type::number && wanted != Function::Accepts::string;
  }

  void check_root(const Node& root) {
    if (root.type == Type::null || root.type == Type::undefined) {
      found_.warning(root.offset, root.length, "this condition is never true, so the route matches nothing");
    } else if (strict_ && (root.type == Type::number || root.type == Type::string)) {
      error(root, "a condition must be true or false, this is " + std::string(to_string(root.type)),
            is_name(root.op) ? truth_hint(root) : "compare it with something");
    }
  }

  [[nodiscard]] std::string truth_hint(const Node& root) const {
    const std::string name(text_of(root));
    if (core::equals_ignoring_case(name, "$body")) return "write `$body.<name>` for a value of the body";
    if (is_literal_word(name)) return {};
    return "write " + quote(name + " = '…'") + " or " + quote("is_defined(" + name + ")");
  }

  // Messages -------------------------------------------------------------------------------------

  bool error(const Node& node, std::string message, std::string suggestion = {}) {
    found_.error(node.offset, node.length, std::move(message), std::move(suggestion));
    return false;
  }

  bool no_edgehub_operator(const Node& node) {
    return error(node, "edgeHub has no operator " + quote(symbol(node.op)) + " for body values",
                 "wrap the body value in as_number(…), or use strict semantics");
  }

  bool operand_error(const Node& node, Type wanted) {
    const Node& operand = left(node);
    return error(node,
                 quote(symbol(node.op)) + " needs " + std::string(to_string(wanted)) + ", this is " +
                     std::string(to_string(operand.type)),
                 wanted == Type::number ? number_hint(operand) : negation_hint(node));
  }

  bool operands_error(const Node& node, Type wanted) {
    std::string message = quote(symbol(node.op));
    if (node.op == Op::coalesce) {
      message.append(" needs two values of one type, these are ");
    } else {
      message.append(" needs two ").append(to_string(wanted).substr(2)).append("s, these are ");
    }
    message.append(to_string(left(node).type)).append(" and ").append(to_string(right(node).type));
    const Node& culprit = matches(wanted, left(node).type) ? right(node) : left(node);
    std::string hint;
    if (wanted == Type::number) hint = number_hint(culprit);
    if (wanted == Type::boolean) hint = boolean_hint(culprit);
    if (node.op == Op::add && !is_name(culprit.op)) hint = "strings are joined with `||`";
    if (node.op == Op::coalesce && is_comparison(right(node).op)) {
      hint = "`??` binds last; write " +
             quote("(" + std::string(text_of(left(node))) + " ?? " + std::string(text_of(left(right(node)))) +
                   ") " + std::string(symbol(right(node).op)) + " …");
    }
    return error(node, std::move(message), std::move(hint));
  }

  bool comparison_error(const Node& node) {
    const Node& a = left(node);
    const Node& b = right(node);
    std::string message = "cannot compare ";
    message.append(to_string(a.type)).append(" with ").append(to_string(b.type));
    return error(node, std::move(message), comparison_hint(node, a, b));
  }

  [[nodiscard]] std::string comparison_hint(const Node& node, const Node& a, const Node& b) const {
    const std::string op = " " + std::string(symbol(node.op)) + " ";
    if (a.op == Op::logical_not) return not_hint(a, node);
    if (text_of(node).find("||") != std::string_view::npos && a.type == Type::boolean) {
      return "`||` joins strings; the logical operator is `OR`";
    }
    if (is_name(a.op) && b.type == Type::number) {
      return as_number_hint(a, "as_number(" + std::string(text_of(a)) + ")" + op + std::string(text_of(b)));
    }
    if (is_name(b.op) && a.type == Type::number) {
      return as_number_hint(b, std::string(text_of(a)) + op + "as_number(" + std::string(text_of(b)) + ")");
    }
    if (is_name(a.op) && b.type == Type::null) {
      return "write " + quote((node.op == Op::equal ? "NOT is_defined(" : "is_defined(") +
                              std::string(text_of(a)) + ")");
    }
    if (is_name(a.op) && b.type == Type::boolean) {
      return "properties are strings; write " +
             quote(std::string(text_of(a)) + op + "'" + std::string(text_of(b)) + "'");
    }
    return {};
  }

  [[nodiscard]] std::string as_number_hint(const Node& name, const std::string& fixed) const {
    const std::string split = split_name(text_of(name));
    if (!split.empty()) return quote(text_of(name)) + " is one name; write " + quote(split);
    return "properties are strings; write " + quote(fixed);
  }

  // `NOT a = 'x'` reads `(NOT a) = 'x'`; `whole` is the comparison.
  [[nodiscard]] std::string not_hint(const Node& negation, const Node& whole) const {
    const size_t begin = left(negation).offset;
    const std::string_view meant = found_.text().substr(begin, whole.offset + whole.length - begin);
    return "NOT binds tighter than " + quote(symbol(whole.op)) + "; write " +
           quote("NOT (" + std::string(meant) + ")");
  }

  [[nodiscard]] std::string number_hint(const Node& operand) const {
    if (operand.type != Type::string) return {};
    const std::string fixed = "as_number(" + std::string(text_of(operand)) + ")";
    return is_name(operand.op) ? as_number_hint(operand, fixed) : "write " + quote(fixed);
  }

  [[nodiscard]] std::string boolean_hint(const Node& operand) const {
    if (!is_name(operand.op) || operand.type != Type::string) return {};
    return "compare the property: " + quote(std::string(text_of(operand)) + " = '…'");
  }

  [[nodiscard]] std::string negation_hint(const Node& negation) const {
    for (const Node& whole : condition_.nodes) {
      if (is_comparison(whole.op) && &left(whole) == &negation) return not_hint(negation, whole);
    }
    const std::string operand(text_of(left(negation)));
    return is_name(left(negation).op) ? "write " + quote("NOT is_defined(" + operand + ")") : std::string();
  }

  bool argument_error(const Node& argument, const Function& function) {
    return error(argument,
                 quote(function.name) + " cannot take " + std::string(to_string(argument.type)) + " here",
                 function.first == Function::Accepts::number && argument.type == Type::string
                     ? number_hint(argument)
                     : "the function is " + quote(function.signature));
  }

  bool unknown_function(const Node& node, const std::string& name) {
    if (is_extension(name)) return extension_error(node, name);
    if (name.starts_with('-') && find_function(name.substr(1))) {
      return error(name_span(node), "there is no function " + quote(name),
                   "write " + quote("- " + name.substr(1) + "(…)"));
    }
    const std::string_view nearest = query_ == nullptr ? nearest_function(name) : nearest_call(name);
    return error(name_span(node), "there is no function " + quote(name),
                 nearest.empty() ? "" : "did you mean " + quote(nearest) + "?");
  }

  bool extension_error(const Node& node, const std::string& name) {
    if (!strict_)
      return error(name_span(node), "edgeHub has no function " + quote(name), "use strict semantics");
    return error(name_span(node), quote(name) + " stands only in a whole route");
  }

  [[nodiscard]] Node name_span(const Node& call) const {
    Node span = call;
    span.offset += text_of(call).starts_with('(') ? 1 : 0;
    span.length = static_cast<uint32_t>(condition_.names[call.name].size());
    return span;
  }

  [[nodiscard]] const Node& left(const Node& node) const { return condition_.nodes[node.left]; }
  [[nodiscard]] const Node& right(const Node& node) const { return condition_.nodes[node.right]; }
  [[nodiscard]] std::string_view text_of(const Node& node) const {
    return found_.text().substr(node.offset, node.length);
  }

  Expression& condition_;
  bool strict_;
  const Query* query_;
  Diagnostics& found_;
  std::vector<bool> wrong_;  // by node: it or a part of it has been reported
};

}  // namespace

void check(Expression& condition, Semantics semantics, Diagnostics& found, const Query* query) {
  if (condition.empty()) return;
  Checker checker(condition, semantics, query, found);
  if (checker.run()) checker.check_root();
}

bool check_value(Expression& value, const Query& query, Diagnostics& found) {
  return value.empty() || Checker(value, Semantics::strict, &query, found).run();
}

}  // namespace headgate::routing
