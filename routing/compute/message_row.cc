#include "routing/compute/message_row.h"

#include <cmath>

#include "routing/compute/group_key.h"
#include "routing/compute/json_row.h"
#include "routing/evaluation/json_number.h"
#include "routing/language/query_functions.h"

namespace headgate::routing {

namespace {

constexpr size_t kShownBytes = 100;

std::string shown(const Value& value) {
  if (value.is(Value::Kind::string) && value.text.size() > kShownBytes)
    return "a text of " + std::to_string(value.text.size()) + " bytes";
  std::string text;
  append_json_value(text, value);
  return text;
}

}  // namespace

Value MessageRow::value(const Expression& expression) {
  return evaluators_.value.evaluate(expression, plan_.reading, fields_, slots_);
}

void MessageRow::key(const std::vector<Expression>& values, std::string& key) {
  key.clear();
  for (const Expression& expression : values) append_key(key, told_apart(expression));
}

Value MessageRow::as_written(const Expression& expression) {
  return evaluators_.value.take_over(expression, plan_.reading, fields_, slots_);
}

Value MessageRow::told_apart(const Expression& expression) {
  const Value read = value(expression);
  return read.is(Value::Kind::number) && std::abs(read.number) >= kFirstInexact ? as_written(expression)
                                                                                : read;
}

// Statistics take numbers; what gives a value back takes it as it came.
Value MessageRow::argument_of(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case AggregateKind::min:
    case AggregateKind::max:
    case AggregateKind::first:
    case AggregateKind::last:
    case AggregateKind::argmax:
    case AggregateKind::collect:
      return as_written(aggregate.argument);
    case AggregateKind::distinct:
      return told_apart(aggregate.argument);
    default:
      return value(aggregate.argument);
  }
}

uint64_t MessageRow::add_to(Sums& sums, int64_t time_ms, std::string& sample) {
  const std::vector<Aggregate>& aggregates = plan_.query.aggregates;
  uint64_t errors = 0;
  for (size_t i = 0; i < aggregates.size(); ++i) {
    const Aggregate& one = aggregates[i];
    if (!one.filter.empty() &&
        evaluators_.value.decide(one.filter, plan_.reading, fields_, slots_) != Truth::yes)
      continue;
    const Value argument = argument_of(one);
    const Value by =
        one.by.empty() ? Value::undefined() : evaluators_.by.evaluate(one.by, plan_.reading, fields_, slots_);
    if (sums[i].add(argument, by, {time_ms, input_}) != Taken::type_error) continue;
    ++errors;
    sample = std::string(function_of(one.kind).name) + " cannot take " + shown(argument);
  }
  return errors;
}

}  // namespace headgate::routing
