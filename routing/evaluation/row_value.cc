#include "routing/evaluation/row_value.h"

#include <charconv>
#include <cstdint>

#include "routing/evaluation/json_members.h"
#include "routing/lookup/row_set.h"

namespace headgate::routing {
namespace {

// Empty: there is none. Of equal names the last counts, as in a body.
std::string_view member_text(std::string_view object, std::string_view name) {
  std::string_view found;
  const bool whole = for_each_member(object, [&](std::string_view written, std::string_view value) {
    if (names_the_same(written, name)) found = value;
  });
  return whole ? found : std::string_view();
}

Value text_value(std::string_view written, Scratch& scratch) {
  if (written.find('\\') == std::string_view::npos) return Value::of(written);
  std::string& text = scratch.next();
  text = unescaped(written);
  return Value::of(std::string_view(text));
}

Value number_value(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return Value::undefined();
  return error == std::errc() ? Value::of(number) : Value::undefined();
}

Value value_of(std::string_view json, Scratch& scratch) {
  if (json.empty()) return Value::undefined();
  switch (json.front()) {
    case '"':
      return text_value(json.substr(1, json.size() - 2), scratch);
    case '{':
    case '[':
      return {.kind = Value::Kind::json, .text = json};
    case 't':
      return Value::of(true);
    case 'f':
      return Value::of(false);
    case 'n':
      return Value::null();
    default:
      return number_value(json);
  }
}

}  // namespace

Value row_value(std::string_view row, const BodyPath& member, Scratch& scratch) noexcept {
  for (const BodyStep& step : member) {
    row = member_text(row, step.name);
    if (step.index) row = nth_item(row, *step.index).value_or(std::string_view());
    if (row.empty()) return Value::undefined();
  }
  return value_of(row, scratch);
}

bool append_lookup_key(std::string& key, const Value& value) {
  if (value.is(Value::Kind::string)) return key.append(value.text), true;
  if (value.is(Value::Kind::boolean)) return key.append(value.truth ? "true" : "false"), true;
  return value.is(Value::Kind::number) && append_number_key(key, value.number);
}

}  // namespace headgate::routing
