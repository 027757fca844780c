#include "hub/thinning/summary.h"

#include <initializer_list>
#include <utility>

#include "routing/compute/json_row.h"
#include "routing/language/query.h"

namespace headgate::hub {
namespace {

using routing::AggregateKind;
using routing::Value;

routing::Accumulator empty(AggregateKind kind) {
  routing::Aggregate aggregate;
  aggregate.kind = kind;
  return routing::Accumulator::of(aggregate);
}

Value value_of(WrittenNumber number) {
  Value value = Value::of(number.number);
  value.text = number.text;
  return value;
}

void add_to(routing::Accumulator& aggregate, WrittenNumber number, routing::Stamp stamp) {
  (void)aggregate.add(value_of(number), {}, stamp);
}

}  // namespace

WrittenNumber* SummaryValues::member(std::string_view name) {
  if (name == "sum") return &sum;
  if (name == "min") return &min;
  if (name == "max") return &max;
  if (name == "first") return &first;
  return name == "last" ? &last : nullptr;
}

Summary::Summary()
    : sum_(empty(AggregateKind::sum)),
      min_(empty(AggregateKind::min)),
      max_(empty(AggregateKind::max)),
      first_(empty(AggregateKind::first)),
      last_(empty(AggregateKind::last)) {}

void Summary::add(WrittenNumber number, routing::Stamp stamp) {
  merge({1, number, number, number, number, number}, stamp, stamp);
}

void Summary::merge(const SummaryValues& values, routing::Stamp from, routing::Stamp to) {
  count_ += values.count;
  add_to(sum_, values.sum, from);
  add_to(min_, values.min, from);
  add_to(max_, values.max, from);
  add_to(first_, values.first, from);
  add_to(last_, values.last, to);
}

bool Summary::append_json(std::string& out) const {
  routing::Scratch scratch;
  if (!sum_.value(scratch).is(Value::Kind::number)) return false;
  out.append("{\"n\":").append(std::to_string(count_));
  const std::initializer_list<std::pair<const char*, const routing::Accumulator*>> members = {
      {"sum", &sum_}, {"min", &min_}, {"max", &max_}, {"first", &first_}, {"last", &last_}};
  for (const auto& [name, aggregate] : members) {
    out.append(",\"").append(name).append("\":");
    routing::append_json_number(out, aggregate->value(scratch));
  }
  out += '}';
  return true;
}

}  // namespace headgate::hub
