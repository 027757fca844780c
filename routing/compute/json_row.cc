#include "routing/compute/json_row.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/text/json_string.h"

namespace headgate::routing {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

// A body path alone, whose text is there; empty for every other expression.
std::string_view plain_body_json(const Expression& expression, Reading reading, Fields& fields) {
  if (expression.nodes.size() != 1) return {};
  const Node& node = expression[expression.root()];
  if (node.op != Op::body && node.op != Op::body_or_property) return {};
  if (node.op == Op::body_or_property) {
    const Value own = fields.property(expression.names[node.name]);
    if (!own.is(Value::Kind::undefined)) return {};
  }
  return fields.body_json(expression.paths[node.path], reading.body);
}

}  // namespace

void append_json_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char digits[32];
  const bool integer = std::abs(number) < kExactIntegers && number == std::trunc(number);
  const auto end = integer ? std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(number))
                           : std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end.ptr);
}

void append_json_number(std::string& out, const Value& value) {
  if (value.text.empty())
    append_json_number(out, value.number);
  else
    out += value.text;
}

bool append_json_value(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::undefined:
    case Value::Kind::missing:
      return false;
    case Value::Kind::null:
      out += "null";
      return true;
    case Value::Kind::boolean:
      out += value.truth ? "true" : "false";
      return true;
    case Value::Kind::number:
      append_json_number(out, value);
      return true;
    case Value::Kind::string:
      core::append_json_string(out, value.text);
      return true;
    case Value::Kind::json:
      out += value.text;
      return true;
  }
  return false;
}

void JsonRow::begin_member(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  core::append_json_string(out_, name);
  out_ += ':';
}

void JsonRow::add(std::string_view name, const Value& value) {
  if (value.is(Value::Kind::undefined) || value.is(Value::Kind::missing)) return;
  begin_member(name);
  append_json_value(out_, value);
}

void JsonRow::add_json(std::string_view name, std::string_view json) {
  begin_member(name);
  out_ += json;
}

void add_item(JsonRow& row, const SelectItem& item, Evaluator& evaluator, Reading reading, Fields& fields,
              Slots* slots) {
  const std::string_view json = plain_body_json(item.value, reading, fields);
  if (!json.empty()) {
    row.add_json(item.name, json);
  } else {
    row.add(item.name, evaluator.take_over(item.value, reading, fields, slots));
  }
}

void add_items(JsonRow& row, const std::vector<SelectItem>& items, Evaluator& evaluator, Reading reading,
               Fields& fields, Slots* slots) {
  for (const SelectItem& item : items) add_item(row, item, evaluator, reading, fields, slots);
}

}  // namespace headgate::routing
