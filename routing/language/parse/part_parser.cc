#include "routing/language/parse/part_parser.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "core/text.h"
#include "routing/language/duration.h"
#include "routing/language/parse/condition_parser.h"
#include "routing/language/print.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

constexpr double kCollectMax = 100;
constexpr double kLagMax = 100;
constexpr double kSampleMax = 1e9;

std::string_view clause_name(Clause clause) {
  switch (clause) {
    case Clause::select:
      return "SELECT";
    case Clause::timestamp:
      return "TIMESTAMP BY";
    case Clause::where:
      return "WHERE";
    case Clause::group_by:
      return "GROUP BY";
    case Clause::having:
      return "HAVING";
    case Clause::over:
      return "OVER";
    case Clause::topic:
      return "a topic";
    case Clause::aggregate:
      return "an aggregate";
    case Clause::stateful:
      return "a function that remembers";
  }
  return "";
}

bool is_number(Kind kind) { return kind == Kind::integer || kind == Kind::real || kind == Kind::hex; }

Node part_node(Op op, size_t index) { return {.op = op, .left = static_cast<NodeIndex>(index)}; }

std::string signature_hint(std::string_view signature) { return "the function is " + quote(signature); }

}  // namespace

std::optional<Node> PartParser::parse(const Token& name) {
  const std::string_view text = cursor_.text(name);
  if (++depth_ > kNestingDepthMax) {
    error(name, "the condition is nested deeper than " + std::to_string(kNestingDepthMax) + " levels");
    return std::nullopt;
  }
  if (const AggregateFunction* function = find_aggregate(text)) return aggregate(*function, name);
  if (const StatefulFunction* function = find_stateful(text)) return stateful(*function, name);
  return core::equals_ignoring_case(text, kPayload) ? payload(name) : topic_level(name);
}

// A message's own -------------------------------------------------------------------------------

std::optional<Node> PartParser::topic_level(const Token& name) {
  constexpr std::string_view kSignature = "topic_level(1 for the first, -1 for the last)";
  const Token open = cursor_.take();
  const Token level = cursor_.peek();
  double number_of = 0;
  if (!number(number_of, "a level of the topic")) return std::nullopt;
  if (number_of == 0 || number_of != std::trunc(number_of) || std::abs(number_of) > kTopicLevelsMax) {
    error(level, "there is no such level of a topic",
          "levels count from 1, and from -1 at the end; a topic has at most " +
              std::to_string(kTopicLevelsMax) + " levels here");
  }
  if (!close(open, kSignature, name)) return std::nullopt;
  return Node{.op = Op::topic_level, .number = number_of};
}

std::optional<Node> PartParser::payload(const Token& name) {
  const Token open = cursor_.take();
  if (!close(open, "payload()", name)) return std::nullopt;
  return Node{.op = Op::payload};
}

// Aggregates ------------------------------------------------------------------------------------

std::optional<Node> PartParser::aggregate(const AggregateFunction& function, const Token& name) {
  refuse_aggregate(name);
  const Token open = cursor_.take();
  Aggregate aggregate;
  aggregate.kind = function.kind;
  if (!aggregate_arguments(function, name, aggregate) || !close(open, function.signature, name))
    return std::nullopt;
  if (cursor_.at_word("filter") && cursor_.peek_second().kind == Kind::open && !filter(aggregate.filter))
    return std::nullopt;
  std::vector<Aggregate>& known = scope_.query->aggregates;
  const std::string text = print(aggregate, *scope_.query);
  for (size_t i = 0; i < known.size(); ++i) {
    if (print(known[i], *scope_.query) == text) return part_node(Op::aggregate, i);
  }
  if (known.size() == kAggregatesMax) {
    error(name, "the route has more than " + std::to_string(kAggregatesMax) + " aggregates",
          "divide it into several routes");
    return std::nullopt;
  }
  known.push_back(std::move(aggregate));
  return part_node(Op::aggregate, known.size() - 1);
}

void PartParser::refuse_aggregate(const Token& name) {
  const Clause clause = scope_.clause;
  if (clause == Clause::select || clause == Clause::having) return;
  std::string advice;
  if (clause == Clause::where) advice = "WHERE sees one message; write HAVING behind GROUP BY";
  if (clause == Clause::aggregate)
    advice = "aggregates do not nest; compute with their results: max(…) - min(…)";
  if (clause == Clause::group_by) advice = "a key is a value of each message";
  if (clause == Clause::topic) advice = "a topic is made of GROUP BY keys";
  if (clause == Clause::timestamp || clause == Clause::over) advice = "it sees one message: write $body.ts";
  error(
      name,
      quote(cursor_.text(name)) + " is an aggregate and cannot stand in " + std::string(clause_name(clause)),
      std::move(advice));
}

bool PartParser::aggregate_arguments(const AggregateFunction& function, const Token& name,
                                     Aggregate& aggregate) {
  if (function.kind == AggregateKind::count && cursor_.accept(Kind::star)) {
    aggregate.kind = AggregateKind::count_rows;
    return true;
  }
  if (cursor_.at(Kind::star))
    return error(cursor_.peek(), "only `count(*)` takes a `*`", signature_hint(function.signature));
  if (cursor_.at(Kind::close))
    return error(name, quote(function.name) + " needs an argument", signature_hint(function.signature));
  if (cursor_.at_word_before_value("distinct")) {
    return error(cursor_.peek(), "there is no DISTINCT in an aggregate",
                 "write `distinct(…)` for the number of different values");
  }
  return expression(aggregate.argument, Clause::aggregate) && second_of_aggregate(function, name, aggregate);
}

bool PartParser::second_of_aggregate(const AggregateFunction& function, const Token& name,
                                     Aggregate& aggregate) {
  switch (function.kind) {
    case AggregateKind::argmax:
      return comma(function.signature, name) && expression(aggregate.by, Clause::aggregate);
    case AggregateKind::collect:
      aggregate.parameter = kCollectMax;
      return !cursor_.accept(Kind::comma) || count(aggregate.parameter, "the most it collects", kCollectMax);
    case AggregateKind::percentile: {
      aggregate.parameter = 0.5;
      if (core::equals_ignoring_case(function.name, "median")) return true;
      if (!comma(function.signature, name)) return false;
      const Token at = cursor_.peek();
      if (!number(aggregate.parameter, "the percentile")) return false;
      if (aggregate.parameter >= 0 && aggregate.parameter <= 1) return true;
      range_error(at, "a percentile is between 0 and 1", "write 0.95 for the 95th");
      aggregate.parameter = 0.5;
      return true;
    }
    default:
      return true;
  }
}

bool PartParser::filter(Expression& out) {
  cursor_.take();
  const Token open = cursor_.take();
  if (!cursor_.accept(Kind::where_word)) {
    report_unexpected(cursor_, "WHERE after FILTER (", found_, "write FILTER (WHERE $body.ok)");
    return false;
  }
  if (!expression(out, Clause::aggregate)) return false;
  if (cursor_.accept(Kind::close)) return true;
  report_unclosed(cursor_, open, found_);
  return false;
}

// Functions that remember -----------------------------------------------------------------------

std::optional<Node> PartParser::stateful(const StatefulFunction& function, const Token& name) {
  refuse_stateful(name);
  const Token open = cursor_.take();
  Stateful stateful;
  stateful.kind = function.kind;
  if (function.argument != Type::undefined) {
    if (cursor_.at(Kind::close)) {
      error(name, quote(function.name) + " needs an argument", signature_hint(function.signature));
      return std::nullopt;
    }
    if (!expression(stateful.argument, Clause::stateful)) return std::nullopt;
  }
  if (!stateful_arguments(function, name, stateful) || !close(open, function.signature, name))
    return std::nullopt;
  if (cursor_.at_word("over") && !over(stateful.over)) return std::nullopt;
  std::vector<Stateful>& known = scope_.query->stateful;
  if (known.size() == kStatefulMax) {
    error(name, "the route has more than " + std::to_string(kStatefulMax) + " functions that remember",
          "divide it into several routes");
    return std::nullopt;
  }
  known.push_back(std::move(stateful));
  return part_node(Op::stateful, known.size() - 1);
}

void PartParser::refuse_stateful(const Token& name) {
  const Clause clause = scope_.clause;
  if (clause == Clause::select || clause == Clause::where) return;
  std::string advice = "it follows single messages: WHERE, and SELECT without a window";
  if (clause == Clause::stateful) advice = "functions that remember do not nest";
  error(name,
        quote(cursor_.text(name)) + " remembers messages and cannot stand in " +
            std::string(clause_name(clause)),
        std::move(advice));
}

bool PartParser::stateful_arguments(const StatefulFunction& function, const Token& name, Stateful& stateful) {
  switch (function.kind) {
    case StatefulKind::changed:
      return changed_arguments(stateful);
    case StatefulKind::every:
      return duration(stateful.interval_ms, "every(30s)");
    case StatefulKind::sample:
      return share_or_count(stateful.number);
    case StatefulKind::holds:
      return comma(function.signature, name) && duration(stateful.interval_ms, "holds(…, 30s)");
    case StatefulKind::dedup:
      return comma(function.signature, name) && duration(stateful.interval_ms, "dedup(…, 10m)");
    case StatefulKind::lag:
      stateful.number = 1;
      return !cursor_.accept(Kind::comma) || count(stateful.number, "how far lag() looks back", kLagMax);
    case StatefulKind::rising:
    case StatefulKind::falling:
    case StatefulKind::diff:
      return true;
  }
  return true;
}

bool PartParser::changed_arguments(Stateful& stateful) {
  if (!cursor_.accept(Kind::comma)) return true;
  if (!band(stateful)) return false;
  return !cursor_.accept(Kind::comma) || duration(stateful.interval_ms, "changed(…, 0.5, 10m)");
}

bool PartParser::over(std::vector<Expression>& out) {
  cursor_.take();
  const Token open = cursor_.peek();
  if (!cursor_.accept(Kind::open)) {
    report_unexpected(cursor_, "`(` after OVER", found_, "write OVER ($body.id)");
    return false;
  }
  if (cursor_.at_words("partition", "by"))
    return error(cursor_.peek(), "there is no PARTITION BY", "write the keys alone: OVER ($body.id)");
  if (cursor_.at(Kind::close))
    return error(cursor_.peek(), "OVER has no key", "write OVER ($body.id), or leave OVER out");
  do {
    if (out.size() == kKeysMax)
      return error(cursor_.peek(), "OVER has more than " + std::to_string(kKeysMax) + " keys");
    if (!expression(out.emplace_back(), Clause::over)) return false;
  } while (cursor_.accept(Kind::comma));
  if (cursor_.accept(Kind::close)) return true;
  report_unclosed(cursor_, open, found_);
  return false;
}

// Arguments -------------------------------------------------------------------------------------

bool PartParser::expression(Expression& out, Clause clause) {
  return ConditionParser(cursor_, found_, {scope_.query, clause}, depth_).parse_part(out);
}

bool PartParser::number(double& out, std::string_view what) {
  const bool negative = cursor_.accept(Kind::minus);
  const Token token = cursor_.peek();
  if (!is_number(token.kind)) {
    if (token.kind == Kind::end || token.kind == Kind::close) {
      report_unexpected(cursor_, std::string(what), found_);
      return false;
    }
    return error(token, std::string(what) + " is a number that stands in the route",
                 "it cannot be computed from a message");
  }
  cursor_.take();
  const std::string_view text = cursor_.text(token);
  out = token.kind == Kind::hex
            ? static_cast<double>(core::parse_whole<uint32_t>(text.substr(2), 16).value_or(0))
            : parse_number(text).value_or(0);
  if (negative) out = -out;
  return true;
}

bool PartParser::count(double& out, std::string_view what, double most) {
  const Token token = cursor_.peek();
  double given = 0;
  if (!number(given, what)) return false;
  if (given >= 1 && given <= most && given == std::trunc(given)) return out = given, true;
  range_error(token,
              std::string(what) + " is a whole number from 1 to " + std::to_string(static_cast<int>(most)),
              {});
  return true;
}

bool PartParser::share_or_count(double& out) {
  const Token token = cursor_.peek();
  if (!number(out, "the share that is taken")) return false;
  const bool share = out > 0 && out < 1;
  const bool one_of = out >= 1 && out <= kSampleMax && out == std::trunc(out);
  if (!share && !one_of)
    range_error(token, "a sample is a share below 1 or one of so many",
                "write sample(0.1), or sample(10) for one of ten");
  return true;
}

// "2%" is a share of the value, a number is of its unit.
bool PartParser::band(Stateful& stateful) {
  constexpr std::string_view kAdvice = "write a number such as 0.5, or a share of the value such as '2%'";
  const Token token = cursor_.peek();
  if (cursor_.accept(Kind::string)) {
    std::string text = unquote(cursor_.text(token));
    const bool percent = text.ends_with('%');
    if (percent) text.pop_back();
    const auto share = parse_number(text);
    if (!percent || !share || !std::isfinite(*share))
      return error(token, "not a band of values", std::string(kAdvice));
    stateful.relative = true;
    stateful.number = *share / 100;
  } else if (parse_duration(cursor_.text(token)) && token.kind == Kind::name) {
    return error(token, "the band comes before the heartbeat", "write 0 for any change: changed(…, 0, 10m)");
  } else if (!number(stateful.number, "the band")) {
    return false;
  }
  if (stateful.number < 0 || !std::isfinite(stateful.number))
    range_error(token, "a band is no less than 0", std::string(kAdvice));
  return true;
}

bool PartParser::duration(int64_t& out, std::string_view example) {
  const Token token = cursor_.peek();
  const std::string advice =
      "write a number and a unit: " + std::string(example) + "; units are ms, s, m, h, d";
  const auto ms = token.kind == Kind::name ? parse_duration(cursor_.text(token)) : std::nullopt;
  if (token.kind == Kind::end || token.kind == Kind::close) {
    report_unexpected(cursor_, "a duration such as 30s", found_);
    return false;
  }
  if (!ms) return error(token, quote(cursor_.text(token)) + " is no duration", advice);
  cursor_.take();
  out = *ms;
  if (out <= 0 || out > kDurationMaxMs)
    range_error(token, "a duration is more than 0 and at most " + print_duration(kDurationMaxMs), {});
  return true;
}

bool PartParser::comma(std::string_view signature, const Token& name) {
  if (cursor_.accept(Kind::comma)) return true;
  if (!cursor_.at(Kind::close)) {
    report_after_operand(cursor_, "an operator or `,`", found_);
    return false;
  }
  return error(name, quote(cursor_.text(name)) + " needs another argument", signature_hint(signature));
}

bool PartParser::close(const Token& open, std::string_view signature, const Token& name) {
  if (cursor_.accept(Kind::close)) return true;
  const bool none_wanted = cursor_.previous()->offset == open.offset && !cursor_.at(Kind::end);
  if (cursor_.at(Kind::comma) || none_wanted)
    return error(cursor_.peek(), quote(cursor_.text(name)) + " has too many arguments",
                 signature_hint(signature));
  report_unclosed(cursor_, open, found_);
  return false;
}

bool PartParser::error(const Token& token, std::string message, std::string suggestion) {
  found_.error(token.offset, token.length, std::move(message), std::move(suggestion));
  return false;
}

// About an argument that has been read: from its first token to the last one.
bool PartParser::range_error(const Token& from, std::string message, std::string suggestion) {
  found_.error(from.offset, cursor_.previous()->end_offset() - from.offset, std::move(message),
               std::move(suggestion));
  return false;
}

}  // namespace headgate::routing
