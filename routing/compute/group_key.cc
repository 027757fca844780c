#include "routing/compute/group_key.h"

#include <optional>

#include "routing/compute/aggregates/packed.h"
#include "routing/compute/json_row.h"
#include "routing/evaluation/json_number.h"

namespace headgate::routing {
namespace {

enum Tag : char {
  null_tag = 0,
  false_tag = 1,
  true_tag = 2,
  number_tag = 3,
  string_tag = 4,
  integer_tag = 5
};

// An integer whose digits a double does not hold; nullopt for a text that is none.
std::optional<Value> large_integer_of(std::string_view digits) {
  if (!is_json_number(digits)) return std::nullopt;
  Value value = Value::of(read_json_number(digits));
  value.text = digits;
  return large_integer(value).empty() ? std::nullopt : std::optional(value);
}

// Takes the first value off; nullopt for bytes that are none.
std::optional<Value> take_value(PackedReader& key) {
  switch (key.byte()) {
    case null_tag:
      return Value::null();
    case false_tag:
      return Value::of(false);
    case true_tag:
      return Value::of(true);
    case number_tag:
      return Value::of(key.number());
    case string_tag:
      return Value::of(key.text());
    case integer_tag:
      return large_integer_of(key.text());
    default:
      return std::nullopt;
  }
}

}  // namespace

void append_key(std::string& key, const Value& value) {
  switch (value.kind) {
    case Value::Kind::boolean:
      key += value.truth ? true_tag : false_tag;
      return;
    case Value::Kind::number:
      if (const std::string_view digits = large_integer(value); !digits.empty()) {
        key += integer_tag;
        return pack_text(key, digits);
      }
      key += number_tag;
      pack_double(key, value.number == 0 ? 0.0 : value.number);  // 0 and -0 are equal
      return;
    case Value::Kind::string:
      key += string_tag;
      pack_text(key, value.text);
      return;
    default:
      key += null_tag;
  }
}

Value key_value(std::string_view key, size_t index) {
  PackedReader reader(key);
  for (size_t i = 0; i < index && reader.ok() && !reader.rest().empty(); ++i) (void)take_value(reader);
  if (!reader.ok() || reader.rest().empty()) return Value::null();
  const auto value = take_value(reader);
  return value && reader.ok() ? *value : Value::null();
}

std::string key_json(std::string_view key, const std::vector<std::string>& names) {
  std::string json;
  JsonRow row(json);
  for (size_t i = 0; i < names.size(); ++i) row.add(names[i], key_value(key, i));
  row.close();
  return json;
}

bool is_key(std::string_view key, size_t values) {
  PackedReader reader(key);
  for (size_t i = 0; i < values; ++i) {
    if (reader.rest().empty() || !take_value(reader)) return false;
  }
  return reader.ok() && reader.rest().empty();
}

}  // namespace headgate::routing
