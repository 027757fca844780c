#include "routing/language/functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/text.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Arguments = std::span<const Value>;
using Kind = Value::Kind;
using Accepts = Function::Accepts;

constexpr size_t kUnbounded = std::numeric_limits<size_t>::max();

template <double (*Compute)(double)>
Value numeric(Arguments arguments, CallContext&) noexcept {
  return arguments[0].is(Kind::number) ? Value::of(Compute(arguments[0].number)) : Value::undefined();
}

double absolute(double x) { return std::fabs(x); }
double exponential(double x) { return std::exp(x); }
double floor_of(double x) { return std::floor(x); }
double ceiling_of(double x) { return std::ceil(x); }
double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double root_of(double x) { return std::sqrt(x); }
double square_of(double x) { return x * x; }

Value power(Arguments arguments, CallContext&) noexcept {
  if (!arguments[0].is(Kind::number) || !arguments[1].is(Kind::number)) return Value::undefined();
  return Value::of(std::pow(arguments[0].number, arguments[1].number));
}

Value as_number(Arguments arguments, CallContext&) noexcept {
  if (arguments[0].is(Kind::number)) return arguments[0];
  if (!arguments[0].is(Kind::string)) return Value::undefined();
  const auto number = parse_number(arguments[0].text);
  return number ? Value::of(*number) : Value::undefined();
}

Value is_bool(Arguments arguments, CallContext& context) noexcept {
  if (context.first_type == Type::boolean && arguments[0].is(Kind::undefined)) return Value::undefined();
  return Value::of(arguments[0].is(Kind::boolean));
}

Value is_number(Arguments arguments, CallContext&) noexcept {
  return Value::of(arguments[0].is(Kind::number) && std::isfinite(arguments[0].number));
}

Value is_string(Arguments arguments, CallContext&) noexcept {
  return Value::of(arguments[0].is(Kind::string));
}

// edgeHub compares body values by identity with a constant that only a missing field yields: whatever is
// there, is null.
Value is_null(Arguments arguments, CallContext& context) noexcept {
  const Value& value = arguments[0];
  if (context.semantics == Semantics::strict || context.first_type != Type::dynamic)
    return Value::of(value.is(Kind::null));
  return value.is(Kind::undefined) ? Value::undefined() : Value::of(!value.is(Kind::missing));
}

Value is_defined(Arguments arguments, CallContext& context) noexcept {
  if (arguments[0].is(Kind::missing)) return Value::of(context.semantics == Semantics::edgehub);
  return Value::of(!arguments[0].is(Kind::undefined));
}

Value length(Arguments arguments, CallContext&) noexcept {
  if (!arguments[0].is(Kind::string)) return Value::undefined();
  return Value::of(static_cast<double>(utf16_length(arguments[0].text)));
}

template <void (*Convert)(std::string_view, std::string&)>
Value convert_case(Arguments arguments, CallContext& context) noexcept {
  if (!arguments[0].is(Kind::string)) return Value::undefined();
  std::string& converted = context.scratch.next();
  Convert(arguments[0].text, converted);
  return Value::of(std::string_view(converted));
}

// A count of UTF-16 units, cut to an integer; nullopt if it is no count at all.
std::optional<size_t> unit_count(const Value& value) {
  if (!value.is(Kind::number) || !(value.number > -1) || value.number > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<size_t>(std::max(value.number, 0.0));
}

Value substring(Arguments arguments, CallContext&) noexcept {
  const auto start = unit_count(arguments[1]);
  if (!arguments[0].is(Kind::string) || !start) return Value::undefined();
  const std::string_view text = arguments[0].text;
  const auto begin = utf16_offset(text, *start);
  if (!begin) return Value::undefined();
  if (arguments.size() == 2) return Value::of(text.substr(*begin));
  const auto units = unit_count(arguments[2]);
  if (!units || *begin == text.size()) return Value::undefined();
  const auto bytes = utf16_offset(text.substr(*begin), *units);
  return bytes ? Value::of(text.substr(*begin, *bytes)) : Value::undefined();
}

template <typename Search>
Value search(Arguments arguments, Search found) {
  if (!arguments[0].is(Kind::string) || !arguments[1].is(Kind::string)) return Value::undefined();
  return Value::of(found(arguments[0].text, arguments[1].text));
}

Value index_of(Arguments arguments, CallContext&) noexcept {
  return search(arguments, [](std::string_view text, std::string_view part) {
    const size_t at = text.find(part);
    return at == std::string_view::npos ? -1.0 : static_cast<double>(utf16_length(text.substr(0, at)));
  });
}
Value starts_with(Arguments arguments, CallContext&) noexcept {
  return search(arguments,
                [](std::string_view text, std::string_view part) { return text.starts_with(part); });
}
Value ends_with(Arguments arguments, CallContext&) noexcept {
  return search(arguments, [](std::string_view text, std::string_view part) { return text.ends_with(part); });
}
Value contains(Arguments arguments, CallContext&) noexcept {
  return search(arguments, [](std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

constexpr Accepts kNum = Accepts::number;
constexpr Accepts kStr = Accepts::string;
constexpr Accepts kAny = Accepts::any;

constexpr std::array kFunctions = {
    Function{"abs", 1, 1, "abs(number)", kNum, kNum, Type::number, numeric<absolute>},
    Function{"exp", 1, 1, "exp(number)", kNum, kNum, Type::number, numeric<exponential>},
    Function{"floor", 1, 1, "floor(number)", kNum, kNum, Type::number, numeric<floor_of>},
    Function{"ceiling", 1, 1, "ceiling(number)", kNum, kNum, Type::number, numeric<ceiling_of>},
    Function{"sign", 1, 1, "sign(number)", kNum, kNum, Type::number, numeric<sign_of>},
    Function{"sqrt", 1, 1, "sqrt(number)", kNum, kNum, Type::number, numeric<root_of>},
    Function{"square", 1, 1, "square(number)", kNum, kNum, Type::number, numeric<square_of>},
    Function{"power", 2, 2, "power(number, number)", kNum, kNum, Type::number, power},
    Function{"as_number", 1, 1, "as_number(string or number)", Accepts::string_or_number, kAny, Type::number,
             as_number},
    Function{"is_bool", 1, 1, "is_bool(any)", kAny, kAny, Type::boolean, is_bool},
    Function{"is_number", 1, 1, "is_number(any)", kAny, kAny, Type::boolean, is_number},
    Function{"is_string", 1, 1, "is_string(any)", kAny, kAny, Type::boolean, is_string},
    Function{"is_null", 1, 1, "is_null(any)", kAny, kAny, Type::boolean, is_null},
    Function{"is_defined", 1, 1, "is_defined(any)", kAny, kAny, Type::boolean, is_defined},
    Function{"concat", 2, kUnbounded, "concat(string, string, …)", kStr, kStr, Type::string, concatenate},
    Function{"length", 1, 1, "length(string)", kStr, kStr, Type::number, length},
    Function{"lower", 1, 1, "lower(string)", kStr, kStr, Type::string, convert_case<to_lower>},
    Function{"upper", 1, 1, "upper(string)", kStr, kStr, Type::string, convert_case<to_upper>},
    Function{"substring", 2, 3, "substring(string, number[, number])", kStr, kNum, Type::string, substring},
    Function{"index_of", 2, 2, "index_of(string, string)", kStr, kStr, Type::number, index_of},
    Function{"starts_with", 2, 2, "starts_with(string, string)", kStr, kStr, Type::boolean, starts_with},
    Function{"ends_with", 2, 2, "ends_with(string, string)", kStr, kStr, Type::boolean, ends_with},
    Function{"contains", 2, 2, "contains(string, string)", kStr, kStr, Type::boolean, contains},
};

}  // namespace

// A property without a value adds nothing; an absent one makes the result undefined.
Value concatenate(std::span<const Value> arguments, CallContext& context) noexcept {
  const bool joinable = std::all_of(arguments.begin(), arguments.end(),
                                    [](const Value& v) { return v.is(Kind::string) || v.is(Kind::null); });
  if (!joinable) return Value::undefined();
  std::string& joined = context.scratch.next();
  joined.clear();
  for (const Value& part : arguments) joined.append(part.text);
  return Value::of(std::string_view(joined));
}

std::span<const Function> functions() { return kFunctions; }

std::optional<uint8_t> find_function(std::string_view name) {
  for (size_t i = 0; i < kFunctions.size(); ++i) {
    if (core::equals_ignoring_case(kFunctions[i].name, name)) return static_cast<uint8_t>(i);
  }
  return std::nullopt;
}

std::string_view nearest_function(std::string_view name) {
  const Function* nearest = nullptr;
  size_t best = std::max<size_t>(2, name.size() / 3) + 1;
  for (const Function& function : kFunctions) {
    const size_t distance = edit_distance(name, function.name);
    if (distance < best) best = distance, nearest = &function;
  }
  return nearest == nullptr ? std::string_view() : nearest->name;
}

}  // namespace headgate::routing
