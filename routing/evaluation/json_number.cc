#include "routing/evaluation/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace headgate::routing {
namespace {

// Takes digits off; gives how many there were.
size_t take_digits(std::string_view& rest) {
  const size_t count = std::min(rest.find_first_not_of("0123456789"), rest.size());
  rest.remove_prefix(count);
  return count;
}

bool take_sign(std::string_view& rest, std::string_view signs) {
  const bool there = !rest.empty() && signs.find(rest.front()) != std::string_view::npos;
  if (there) rest.remove_prefix(1);
  return there;
}

// A number of JSON in its parts.
struct NumberParts {
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent;  // with its sign
};

NumberParts parts_of(std::string_view text) {
  NumberParts parts;
  (void)take_sign(text, "-");
  const size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) parts.exponent = text.substr(e + 1);
  text = text.substr(0, e);
  const size_t point = text.find('.');
  parts.whole = text.substr(0, point);
  if (point != std::string_view::npos) parts.fraction = text.substr(point + 1);
  return parts;
}

double exponent_of(std::string_view text) {
  const bool negative = take_sign(text, "+-") && *(text.data() - 1) == '-';
  double size = 0;
  for (const char digit : text) size = std::min(size * 10 + (digit - '0'), 1e12);
  return negative ? -size : size;
}

// Tells a number that no double holds from one that is too small for any: by the place of its first digit.
bool is_large(std::string_view text) {
  const NumberParts parts = parts_of(text);
  const size_t zeros = std::min(parts.fraction.find_first_not_of('0'), parts.fraction.size());
  const double place =
      parts.whole != "0" ? static_cast<double>(parts.whole.size()) : -static_cast<double>(zeros);
  return place + exponent_of(parts.exponent) > 0;
}

}  // namespace

bool is_json_number(std::string_view text) noexcept {
  (void)take_sign(text, "-");
  const bool leading_zero = text.starts_with('0');
  const size_t whole = take_digits(text);
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (take_sign(text, ".") && take_digits(text) == 0) return false;
  if (!take_sign(text, "eE")) return text.empty();
  (void)take_sign(text, "+-");
  return take_digits(text) > 0 && text.empty();
}

double read_json_number(std::string_view text) noexcept {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc{}) return number;
  const double size = is_large(text) ? std::numeric_limits<double>::infinity() : 0.0;
  return text.starts_with('-') ? -size : size;
}

std::string_view large_integer(const Value& value) noexcept {
  if (!value.is(Value::Kind::number) || std::abs(value.number) < kFirstInexact) return {};
  return value.text.find_first_not_of("-0123456789") == std::string_view::npos ? value.text
                                                                               : std::string_view();
}

}  // namespace headgate::routing
