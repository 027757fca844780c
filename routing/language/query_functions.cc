#include "routing/language/query_functions.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "routing/language/functions.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Agg = AggregateKind;
using Sta = StatefulKind;

constexpr Type kAny = Type::dynamic;
constexpr Type kNum = Type::number;
constexpr Type kBool = Type::boolean;
constexpr Type kNone = Type::undefined;

// The first of a kind is the one that is printed.
constexpr std::array kAggregates = {
    AggregateFunction{"count", Agg::count, kAny, kNum, "count(*) or count(any)"},
    AggregateFunction{"count", Agg::count_rows, kNone, kNum, "count(*)"},
    AggregateFunction{"count_if", Agg::count_if, kBool, kNum, "count_if(condition)"},
    AggregateFunction{"sum", Agg::sum, kNum, kNum, "sum(number)"},
    AggregateFunction{"avg", Agg::avg, kNum, kNum, "avg(number)"},
    AggregateFunction{"min", Agg::min, kAny, kAny, "min(any)"},
    AggregateFunction{"max", Agg::max, kAny, kAny, "max(any)"},
    AggregateFunction{"first", Agg::first, kAny, kAny, "first(any)"},
    AggregateFunction{"last", Agg::last, kAny, kAny, "last(any)"},
    AggregateFunction{"stddev", Agg::stddev, kNum, kNum, "stddev(number)"},
    AggregateFunction{"stdev", Agg::stddev, kNum, kNum, "stdev(number)"},
    AggregateFunction{"stddevp", Agg::stddevp, kNum, kNum, "stddevp(number)"},
    AggregateFunction{"stdevp", Agg::stddevp, kNum, kNum, "stdevp(number)"},
    AggregateFunction{"var", Agg::var, kNum, kNum, "var(number)"},
    AggregateFunction{"varp", Agg::varp, kNum, kNum, "varp(number)"},
    AggregateFunction{"delta", Agg::delta, kNum, kNum, "delta(number)"},
    AggregateFunction{"rate", Agg::rate, kNum, kNum, "rate(number)"},
    AggregateFunction{"percentile", Agg::percentile, kNum, kNum, "percentile(number, 0 to 1)"},
    AggregateFunction{"median", Agg::percentile, kNum, kNum, "median(number)"},
    AggregateFunction{"distinct", Agg::distinct, kAny, kNum, "distinct(any)"},
    AggregateFunction{"argmax", Agg::argmax, kAny, kAny, "argmax(any, by)"},
    AggregateFunction{"collect", Agg::collect, kAny, kAny, "collect(any[, 1 to 100])"},
};

constexpr std::array kStateful = {
    StatefulFunction{"changed", Sta::changed, kAny, kBool, "changed(any[, band[, heartbeat]])"},
    StatefulFunction{"every", Sta::every, kNone, kBool, "every(duration)"},
    StatefulFunction{"sample", Sta::sample, kNone, kBool, "sample(one of so many, or a share)"},
    StatefulFunction{"rising", Sta::rising, kBool, kBool, "rising(condition)"},
    StatefulFunction{"falling", Sta::falling, kBool, kBool, "falling(condition)"},
    StatefulFunction{"holds", Sta::holds, kBool, kBool, "holds(condition, duration)"},
    StatefulFunction{"lag", Sta::lag, kAny, kAny, "lag(any[, 1 to 100])"},
    StatefulFunction{"diff", Sta::diff, kNum, kNum, "diff(number)"},
    StatefulFunction{"dedup", Sta::dedup, kAny, kBool, "dedup(any, duration)"},
};

template <typename Table>
const typename Table::value_type* by_name(const Table& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& f) { return core::equals_ignoring_case(f.name, name); });
  return found == table.end() ? nullptr : &*found;
}

template <typename Table, typename Kind>
const typename Table::value_type& by_kind(const Table& table, Kind kind) {
  return *std::find_if(table.begin(), table.end(), [&](const auto& f) { return f.kind == kind; });
}

// The nearest of several names, ever nearer ones.
class Nearest {
 public:
  explicit Nearest(std::string_view wanted)
      : wanted_(core::ascii_lowered(wanted)), best_(std::max<size_t>(2, wanted.size() / 3) + 1) {}

  void try_name(std::string_view name) {
    const size_t distance = edit_distance(wanted_, name);
    if (distance < best_) best_ = distance, name_ = name;
  }
  [[nodiscard]] std::string_view name() const { return name_; }

 private:
  std::string wanted_;
  size_t best_;
  std::string_view name_;
};

}  // namespace

const AggregateFunction* find_aggregate(std::string_view name) { return by_name(kAggregates, name); }

const StatefulFunction* find_stateful(std::string_view name) { return by_name(kStateful, name); }

const AggregateFunction& function_of(AggregateKind kind) { return by_kind(kAggregates, kind); }

const StatefulFunction& function_of(StatefulKind kind) { return by_kind(kStateful, kind); }

bool is_extension(std::string_view name) {
  return find_aggregate(name) != nullptr || find_stateful(name) != nullptr ||
         core::equals_ignoring_case(name, kTopicLevel) || core::equals_ignoring_case(name, kPayload) ||
         core::equals_ignoring_case(name, kConforms) || core::equals_ignoring_case(name, kLookup);
}

std::string_view nearest_call(std::string_view name) {
  Nearest nearest(name);
  for (const Function& function : functions()) nearest.try_name(function.name);
  for (const AggregateFunction& function : kAggregates) nearest.try_name(function.name);
  for (const StatefulFunction& function : kStateful) nearest.try_name(function.name);
  nearest.try_name(kTopicLevel);
  nearest.try_name(kPayload);
  nearest.try_name(kConforms);
  nearest.try_name(kLookup);
  nearest.try_name(kTwinChangeIncludes);
  return nearest.name();
}

}  // namespace headgate::routing
