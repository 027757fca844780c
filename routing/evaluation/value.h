// A value while a condition is evaluated.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "routing/language/language.h"

namespace headgate::routing {

// Owns nothing: `text` views the message, the route or the evaluator's scratch space, and is good until
// the next message is looked at. Of a number it is how JSON wrote it, where somebody asked for that and nothing was
// computed from it, else empty; no operator looks at it.
struct Value {
  // `missing` is a body field that is not there: edgeHub takes it for null, strict for undefined.
  // A string property without a value is `null` too. `json` is an object or an array as JSON text, made by collect():
  // it goes into a result, and is undefined to every operator.
  enum class Kind : uint8_t { undefined, missing, null, boolean, number, string, json };

  Kind kind = Kind::undefined;
  bool truth = false;
  double number = 0;
  std::string_view text;

  [[nodiscard]] static Value undefined() { return {}; }
  [[nodiscard]] static Value missing() { return {.kind = Kind::missing, .text = {}}; }
  [[nodiscard]] static Value null() { return {.kind = Kind::null, .text = {}}; }
  [[nodiscard]] static Value of(bool truth) { return {.kind = Kind::boolean, .truth = truth, .text = {}}; }
  [[nodiscard]] static Value of(std::string_view text) { return {.kind = Kind::string, .text = text}; }
  // Not a number is undefined: 3 % 0, sqrt(-4). Infinity is a number.
  [[nodiscard]] static Value of(double number) {
    return {.kind = std::isnan(number) ? Kind::undefined : Kind::number, .number = number, .text = {}};
  }
  [[nodiscard]] static Value of(Truth truth) {
    return truth == Truth::undefined ? undefined() : of(truth == Truth::yes);
  }

  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
};

// Says whether a condition holds by its value: only a boolean can.
[[nodiscard]] inline Truth truth_of(const Value& value) {
  if (!value.is(Value::Kind::boolean)) return Truth::undefined;
  return value.truth ? Truth::yes : Truth::no;
}

}  // namespace headgate::routing
