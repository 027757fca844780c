#include "routing/evaluation/compare.h"

#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Value::Kind;

Truth decide(Op op, int order) {
  const auto truth = [](bool yes) { return yes ? Truth::yes : Truth::no; };
  switch (op) {
    case Op::less:
      return truth(order < 0);
    case Op::less_equal:
      return truth(order <= 0);
    case Op::greater:
      return truth(order > 0);
    case Op::greater_equal:
      return truth(order >= 0);
    case Op::equal:
      return truth(order == 0);
    default:
      return truth(order != 0);
  }
}

template <typename T>
int order_of(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

// Compares two values of the same kind.
int order_within(const Value& a, const Value& b) {
  switch (a.kind) {
    case Kind::boolean:
      return order_of(a.truth, b.truth);
    case Kind::number:
      return order_of(a.number, b.number);
    case Kind::string:
      return compare_ordinal(a.text, b.text);
    case Kind::undefined:
    case Kind::missing:
    case Kind::null:
    case Kind::json:
      return 0;
  }
  return 0;
}

bool is_absent(const Value& value) { return value.is(Kind::undefined) || value.is(Kind::missing); }

int rank(const Value& value) {
  switch (value.kind) {
    case Kind::boolean:
      return 0;
    case Kind::number:
      return 1;
    case Kind::string:
      return 2;
    case Kind::undefined:
    case Kind::missing:
    case Kind::null:
    case Kind::json:
      return 3;
  }
  return 3;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// `pattern` with a digit for every 0.
bool fits(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '0' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

}  // namespace

Truth compare_static(Op op, Type type, const Value& a, const Value& b) noexcept {
  if (type == Type::null) return decide(op, 0);
  if (a.kind != b.kind || is_absent(a) || a.is(Kind::null)) return Truth::undefined;
  return decide(op, order_within(a, b));
}

Truth compare_bodies(Op op, const Value& a, const Value& b) noexcept {
  if (is_absent(a) || is_absent(b)) return Truth::undefined;
  if (a.kind == b.kind) return decide(op, order_within(a, b));
  return is_equality(op) ? decide(op, 1) : Truth::undefined;
}

Truth compare_ranked(Op op, const Value& a, const Value& b) noexcept {
  if (is_absent(a) || is_absent(b)) return Truth::undefined;
  if (a.kind == b.kind) return decide(op, order_within(a, b));
  return decide(op, rank(a) - rank(b));
}

bool looks_like_date(std::string_view text) noexcept {
  constexpr std::string_view kSeconds = "0000-00-00T00:00:00";
  if (!fits(text.substr(0, kSeconds.size()), kSeconds)) return false;
  std::string_view rest = text.substr(kSeconds.size());
  if (rest.starts_with('.')) {
    const size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (!all_digits(rest.substr(1, end - 1))) return false;
    rest.remove_prefix(end);
  }
  return rest.empty() || rest == "Z" || fits(rest, "+00:00") || fits(rest, "-00:00");
}

}  // namespace headgate::routing
