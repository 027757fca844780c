#include "routing/language/parse/condition_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "core/text.h"
#include "routing/language/parse/part_parser.h"
#include "routing/language/query_functions.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

// Binary operators, all left-associative; a higher power binds tighter. Unary `-` binds tighter than all
// of them, NOT tighter than all of them but looser than `-`: `NOT a = 'x'` is `(NOT a) = 'x'`.
struct Infix {
  Kind kind;
  uint8_t power;
  Op op;
};
constexpr std::array kInfix = {
    Infix{Kind::coalesce, 1, Op::coalesce},
    Infix{Kind::or_word, 2, Op::logical_or},
    Infix{Kind::and_word, 3, Op::logical_and},
    Infix{Kind::equal, 4, Op::equal},
    Infix{Kind::not_equal, 4, Op::not_equal},
    Infix{Kind::less, 5, Op::less},
    Infix{Kind::less_equal, 5, Op::less_equal},
    Infix{Kind::greater, 5, Op::greater},
    Infix{Kind::greater_equal, 5, Op::greater_equal},
    Infix{Kind::plus, 6, Op::add},
    Infix{Kind::minus, 6, Op::subtract},
    Infix{Kind::concat, 6, Op::concat},
    Infix{Kind::star, 7, Op::multiply},
    Infix{Kind::slash, 7, Op::divide},
    Infix{Kind::percent, 7, Op::modulo},
};
constexpr uint8_t kNotPower = 8;
constexpr uint8_t kNegatePower = 9;
constexpr std::string_view kBodyPrefix = "$body.";
constexpr const char* kConformsAdvice = "write conforms($body, 'reading.json')";
constexpr const char* kLookupAdvice = "write lookup('limits', $body.machine).max";

constexpr const char* kTwinChangeAdvice = "write twin_change_includes(properties.reported.name)";
constexpr std::string_view kReportedPrefix = "properties.reported.";
constexpr std::array kOtherTwinPrefixes = {std::string_view("properties.desired."),
                                           std::string_view("tags.")};

// The path behind that prefix, which has no index: of an array a twin changes all.
std::optional<BodyPath> path_behind(std::string_view prefix, std::string_view text) {
  if (!core::equals_ignoring_case(text.substr(0, prefix.size()), prefix)) return std::nullopt;
  auto path = parse_body_path(text.substr(prefix.size()));
  const bool indexed =
      path && std::ranges::any_of(*path, [](const BodyStep& step) { return step.index.has_value(); });
  return indexed ? std::nullopt : path;
}

// A path into a twin below what is reported; empty if it leads elsewhere in the twin.
std::optional<BodyPath> parse_twin_path(std::string_view text) {
  if (auto path = path_behind(kReportedPrefix, text)) return path;
  const bool elsewhere = std::ranges::any_of(
      kOtherTwinPrefixes, [&](std::string_view prefix) { return path_behind(prefix, text).has_value(); });
  return elsewhere ? std::optional(BodyPath()) : std::nullopt;
}

const Infix* infix_of(Kind kind) {
  const auto* const found =
      std::find_if(kInfix.begin(), kInfix.end(), [&](const Infix& i) { return i.kind == kind; });
  return found == kInfix.end() ? nullptr : found;
}

// edgeHub reads hexadecimal as 64 bits, two's complement; what does not fit is undefined.
std::optional<double> hex_number(std::string_view digits) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{}) return std::nullopt;
  return static_cast<double>(static_cast<int64_t>(value));
}

}  // namespace

bool ConditionParser::parse(Expression& out) {
  if (!binary(0) || (!at_end() && !fail_at_operator())) return false;
  out = std::move(out_);
  return true;
}

bool ConditionParser::parse_part(Expression& out) {
  if (!binary(0)) return false;
  out = std::move(out_);
  return true;
}

bool ConditionParser::at_end() const {
  return cursor_.at(Kind::end) || cursor_.at(Kind::into_word) || cursor_.at_word("group") ||
         (scope_.query != nullptr && cursor_.at_word("having"));
}

ConditionParser::MaybeNode ConditionParser::fail_at_operator() {
  report_after_operand(cursor_, "an operator or INTO", found_);
  return std::nullopt;
}

ConditionParser::MaybeNode ConditionParser::fail_unclosed(const Token& open) {
  report_unclosed(cursor_, open, found_);
  return std::nullopt;
}

ConditionParser::MaybeNode ConditionParser::binary(uint8_t min_power) {
  if (++depth_ > kNestingDepthMax) {
    return fail(cursor_.peek(),
                "the condition is nested deeper than " + std::to_string(kNestingDepthMax) + " levels");
  }
  MaybeNode left = prefix();
  while (left) {
    const Infix* const infix = infix_of(cursor_.peek().kind);
    if (infix == nullptr || infix->power <= min_power) break;
    cursor_.take();
    const MaybeNode right = binary(infix->power);
    if (!right) return std::nullopt;
    const Node& last = out_.nodes[*right];
    left = add({.op = infix->op, .left = *left, .right = *right}, out_.nodes[*left].offset,
               last.offset + last.length);
  }
  --depth_;
  return left;
}

ConditionParser::MaybeNode ConditionParser::prefix() {
  if (cursor_.at(Kind::minus)) return unary(Op::negate, kNegatePower);
  if (cursor_.at(Kind::not_word)) return unary(Op::logical_not, kNotPower);
  return primary();
}

ConditionParser::MaybeNode ConditionParser::unary(Op op, uint8_t power) {
  const size_t begin = cursor_.take().offset;
  const MaybeNode operand = binary(power);
  if (!operand) return std::nullopt;
  const Node& node = out_.nodes[*operand];
  return add({.op = op, .left = *operand}, begin, node.offset + node.length);
}

ConditionParser::MaybeNode ConditionParser::primary() {
  const Token& token = cursor_.peek();
  switch (token.kind) {
    case Kind::open:
      return parenthesised();
    case Kind::open_brace:
      return braced();
    case Kind::system_name:
      return system_name(cursor_.take(), false);
    case Kind::name:
      return name_or_call(cursor_.take());
    case Kind::string:
    case Kind::integer:
    case Kind::hex:
    case Kind::real:
    case Kind::true_word:
    case Kind::false_word:
    case Kind::null_word:
    case Kind::undefined_word:
      return literal(cursor_.take());
    default:
      return fail_at_operand(token);
  }
}

ConditionParser::MaybeNode ConditionParser::fail_at_operand(const Token& token) {
  if (is_word(token.kind) && token.kind != Kind::into_word && token.kind != Kind::not_word) {
    return fail(token, quote(cursor_.text(token)) + " is a keyword and cannot be a property's name here");
  }
  report_unexpected(cursor_, "a value", found_);
  return std::nullopt;
}

ConditionParser::MaybeNode ConditionParser::parenthesised() {
  const Token open = cursor_.take();
  const MaybeNode inner = binary(0);
  if (!inner) return std::nullopt;
  if (cursor_.at(Kind::close)) {
    Node& node = out_.nodes[*inner];
    node.offset = static_cast<uint32_t>(open.offset);
    node.length = static_cast<uint32_t>(cursor_.take().end_offset() - open.offset);
    return inner;
  }
  return fail_unclosed(open);
}

ConditionParser::MaybeNode ConditionParser::braced() {
  const Token open = cursor_.take();
  if (!cursor_.at(Kind::system_name)) {
    report_unexpected(cursor_, "a `$` name after `{`", found_);
    return std::nullopt;
  }
  const MaybeNode inner = system_name(cursor_.take(), true);
  if (!inner) return std::nullopt;
  if (!cursor_.at(Kind::close_brace)) return fail(open, "missing closing `}`");
  Node& node = out_.nodes[*inner];
  node.offset = static_cast<uint32_t>(open.offset);
  node.length = static_cast<uint32_t>(cursor_.take().end_offset() - open.offset);
  return inner;
}

ConditionParser::MaybeNode ConditionParser::literal(const Token& token) {
  const std::string_view text = cursor_.text(token);
  Node node;
  switch (token.kind) {
    case Kind::true_word:
    case Kind::false_word:
      node = {.op = Op::boolean_literal, .number = token.kind == Kind::true_word ? 1.0 : 0.0};
      break;
    case Kind::null_word:
      node.op = Op::null_literal;
      break;
    case Kind::undefined_word:
      break;
    case Kind::string:
      node = {.op = Op::string_literal, .name = intern(unquote(text))};
      break;
    default: {
      const auto number = token.kind == Kind::hex ? hex_number(text.substr(2)) : parse_number(text);
      if (number) node = {.op = Op::number_literal, .number = *number};
    }
  }
  return add(node, token.offset, token.end_offset());
}

ConditionParser::MaybeNode ConditionParser::name_or_call(const Token& token) {
  if (cursor_.at(Kind::open)) {
    if (core::equals_ignoring_case(cursor_.text(token), kTwinChangeIncludes)) return twin_change(token);
    if (!is_part(token)) return call(token);
    const std::string_view called = cursor_.text(token);
    if (core::equals_ignoring_case(called, kConforms)) return conforms(token);
    return core::equals_ignoring_case(called, kLookup) ? lookup(token) : part(token);
  }
  return add({.op = Op::property, .name = intern(std::string(cursor_.text(token)))}, token.offset,
             token.end_offset());
}

bool ConditionParser::is_part(const Token& name) const {
  return scope_.query != nullptr && PartParser::knows(cursor_.text(name));
}

ConditionParser::MaybeNode ConditionParser::part(const Token& name) {
  const auto node = PartParser(cursor_, scope_, depth_, found_).parse(name);
  return node ? add(*node, name.offset, cursor_.previous()->end_offset()) : std::nullopt;
}

// conforms($body.part, 'file.json')
ConditionParser::MaybeNode ConditionParser::conforms(const Token& name) {
  const Token open = cursor_.take();
  BodyPath path;
  const Token value = cursor_.peek();
  if (!checked_value(value, path)) return std::nullopt;
  if (!cursor_.accept(Kind::comma)) return cursor_.at(Kind::close) ? fail_at_schema() : fail_unclosed(open);
  if (!cursor_.at(Kind::string)) return fail_at_schema();
  const Token file = cursor_.take();
  if (!cursor_.at(Kind::close)) return fail_unclosed(open);
  out_.paths.push_back(std::move(path));
  out_.schemas.push_back({unquote(cursor_.text(file)), nullptr, static_cast<uint32_t>(file.offset),
                          static_cast<uint32_t>(file.length)});
  const size_t end = cursor_.take().end_offset();
  return add({.op = Op::conforms,
              .left = static_cast<NodeIndex>(out_.schemas.size() - 1),
              .path = static_cast<uint32_t>(out_.paths.size() - 1)},
             name.offset, end);
}

// `$body` or a path into it; a property of that name is not meant.
bool ConditionParser::checked_value(const Token& token, BodyPath& path) {
  const std::string_view text = cursor_.text(token);
  const bool whole = core::equals_ignoring_case(text, kBodyPrefix.substr(0, kBodyPrefix.size() - 1));
  const bool part = core::equals_ignoring_case(text.substr(0, kBodyPrefix.size()), kBodyPrefix);
  auto parsed = part ? parse_body_path(text.substr(kBodyPrefix.size())) : std::optional<BodyPath>(BodyPath());
  if (token.kind != Kind::system_name || (!whole && !part) || !parsed) {
    fail(token, "`conforms` looks at `$body`, or at a part of it", kConformsAdvice);
    return false;
  }
  path = std::move(*parsed);
  cursor_.take();
  return true;
}

ConditionParser::MaybeNode ConditionParser::fail_at_schema() {
  return fail(cursor_.peek(), "the schema of `conforms` is the name of a file in quotes", kConformsAdvice);
}

// twin_change_includes(properties.reported.member.member)
ConditionParser::MaybeNode ConditionParser::twin_change(const Token& name) {
  const Token open = cursor_.take();
  if (cursor_.at(Kind::close) || cursor_.at(Kind::end))
    return fail(name, "`twin_change_includes` needs the path of a property", kTwinChangeAdvice);
  const Token written = cursor_.take();
  auto path = parse_twin_path(cursor_.text(written));
  if (!path)
    return fail(written, "not a path into a twin: it begins with `properties.reported.`, and has no `[`",
                kTwinChangeAdvice);
  if (cursor_.at(Kind::comma))
    return fail(cursor_.peek(), "`twin_change_includes` takes one path", kTwinChangeAdvice);
  if (!cursor_.at(Kind::close)) return fail_unclosed(open);
  const size_t end = cursor_.take().end_offset();
  out_.paths.push_back(std::move(*path));
  return add({.op = Op::twin_change_includes,
              .name = intern(std::string(cursor_.text(written))),
              .path = static_cast<uint32_t>(out_.paths.size() - 1)},
             name.offset, end);
}

// lookup('table', key).member.member
ConditionParser::MaybeNode ConditionParser::lookup(const Token& name) {
  const Token open = cursor_.take();
  const Token table = cursor_.peek();
  if (table.kind != Kind::string)
    return fail(table.kind == Kind::end || table.kind == Kind::close ? name : table,
                "the table of a lookup is a name in quotes", kLookupAdvice);
  cursor_.take();
  const MaybeNode key = lookup_key(open, name);
  if (!key) return std::nullopt;
  if (cursor_.at(Kind::comma)) return fail(cursor_.peek(), "a lookup takes a table and a key", kLookupAdvice);
  if (!cursor_.at(Kind::close)) return fail_unclosed(open);
  const Token close = cursor_.take();
  Node node{.op = Op::lookup, .left = *key, .name = intern(unquote(cursor_.text(table)))};
  BodyPath member;
  if (!lookup_member(close, member)) return std::nullopt;
  out_.paths.push_back(std::move(member));
  node.path = static_cast<uint32_t>(out_.paths.size() - 1);
  std::vector<Lookup>& known = scope_.query->lookups;
  if (known.size() == kLookupsMax)
    return fail(name, "the route has more than " + std::to_string(kLookupsMax) + " lookups",
                "divide it into several routes");
  known.push_back(
      {out_.names[node.name], static_cast<uint32_t>(table.offset), static_cast<uint32_t>(table.length)});
  return add(node, name.offset, cursor_.previous()->end_offset());
}

ConditionParser::MaybeNode ConditionParser::lookup_key(const Token& open, const Token& name) {
  if (cursor_.accept(Kind::comma)) return binary(0);
  if (cursor_.at(Kind::close)) return fail(name, "a lookup needs the key of a row", kLookupAdvice);
  return fail_unclosed(open);
}

// The lexer takes `.max.of[0]` behind the bracket for one name.
bool ConditionParser::lookup_member(const Token& close, BodyPath& member) {
  const Token& next = cursor_.peek();
  if (next.offset != close.end_offset() || !cursor_.text(next).starts_with('.')) return true;
  auto path = parse_body_path(cursor_.text(next).substr(1));
  if (!path) {
    fail(next, "not a path into the row", "write `.name.name[0].name`; names are separated by one dot");
    return false;
  }
  cursor_.take();
  member = std::move(*path);
  return true;
}

ConditionParser::MaybeNode ConditionParser::call(const Token& name) {
  const Token open = cursor_.take();
  if (cursor_.at(Kind::star) && scope_.query != nullptr) return fail_at_star(name);
  std::vector<NodeIndex> arguments;
  while (!cursor_.at(Kind::close) || !arguments.empty()) {
    const MaybeNode argument = binary(0);
    if (!argument) return std::nullopt;
    arguments.push_back(*argument);
    if (!cursor_.accept(Kind::comma)) break;
  }
  if (!cursor_.at(Kind::close)) return fail_unclosed(open);
  const size_t end = cursor_.take().end_offset();
  const auto first = static_cast<NodeIndex>(out_.arguments.size());
  out_.arguments.insert(out_.arguments.end(), arguments.begin(), arguments.end());
  return add({.op = Op::call,
              .left = first,
              .right = static_cast<NodeIndex>(arguments.size()),
              .name = intern(std::string(cursor_.text(name)))},
             name.offset, end);
}

ConditionParser::MaybeNode ConditionParser::fail_at_star(const Token& name) {
  const std::string_view nearest = nearest_call(cursor_.text(name));
  return fail(cursor_.peek(), "only `count(*)` takes a `*`",
              nearest == "count" ? "did you mean `count`?" : "name the value that is meant");
}

// `$name` is an application property of that very name, else a system property or a body value; `{$name}`
// is only the latter. A name with brackets is always a body value.
ConditionParser::MaybeNode ConditionParser::system_name(const Token& token, bool braced) {
  const std::string_view text = cursor_.text(token);
  const bool brackets = text.find_first_of("[]") != std::string_view::npos;
  const bool body = core::equals_ignoring_case(text.substr(0, kBodyPrefix.size()), kBodyPrefix);
  Node node{.name = intern(std::string(text))};
  if (body) {
    auto path = parse_body_path(text.substr(kBodyPrefix.size()));
    if (!path) {
      return fail(token, "not a path into the body",
                  "write `$body.name.name[0].name`; names are separated by one dot");
    }
    out_.paths.push_back(std::move(*path));
    node.path = static_cast<uint32_t>(out_.paths.size() - 1);
    node.op = braced || brackets ? Op::body : Op::body_or_property;
  } else if (brackets) {
    return fail(token, "a property's name cannot hold `[` or `]`",
                "only body paths have an index: `$body.name[0]`");
  } else if (braced) {
    node.op = Op::system_property;
    node.name = intern(std::string(text.substr(1)));
  } else {
    node.op = Op::property_or_system;
  }
  return add(node, token.offset, token.end_offset());
}

ConditionParser::MaybeNode ConditionParser::add(Node node, size_t begin, size_t end) {
  if (out_.nodes.size() == kNodesMax) {
    found_.error(begin, end - begin, "the condition has more than " + std::to_string(kNodesMax) + " parts");
    return std::nullopt;
  }
  node.offset = static_cast<uint32_t>(begin);
  node.length = static_cast<uint32_t>(end - begin);
  out_.nodes.push_back(node);
  return out_.root();
}

ConditionParser::MaybeNode ConditionParser::fail(const Token& token, std::string message,
                                                 std::string suggestion) {
  found_.error(token.offset, token.length, std::move(message), std::move(suggestion));
  return std::nullopt;
}

uint32_t ConditionParser::intern(std::string text) {
  out_.names.push_back(std::move(text));
  return static_cast<uint32_t>(out_.names.size() - 1);
}

}  // namespace headgate::routing
