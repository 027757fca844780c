// State of one aggregate over the messages of a pane, a window or a group: a value with bounded memory that can be
// merged, stored and read back.
//
// Rules of every aggregate:
//  - Undefined and null do not count; count(*) counts all rows. Without values count, count_if and distinct are 0, all
//    others null. A value of a type that the aggregate does not take is skipped, and the caller counts it: booleans
//    and strings in statistics, infinity, strings of more than 1 KiB.
//  - Results depend neither on the order of arrival nor on how messages were split among accumulators that are
//    merged. Sums, means and variances are exact within the bounds that exact_sum.h states; `first`, `last`, `delta`,
//    `rate`, `argmax` and `collect` go by the stamp, so only messages with equal event times take the order of
//    arrival; percentiles and counts of distinct values follow from the set of values alone.
//  - The same calls give the same bytes, and save() and load() in between change nothing.
//
// 32 bytes for count, sum, avg, min and max of numbers; others keep more on the heap, once they have a value.
// Belongs to one thread; allocates where it grows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "routing/compute/aggregates/collected.h"
#include "routing/compute/aggregates/counter.h"
#include "routing/compute/aggregates/distinct.h"
#include "routing/compute/aggregates/edge.h"
#include "routing/compute/aggregates/extreme.h"
#include "routing/compute/aggregates/moments.h"
#include "routing/compute/aggregates/quantile.h"
#include "routing/compute/aggregates/sample.h"

namespace headgate::routing {

class Accumulator {
 public:
  // An empty one. Its parameter (which percentile, how many are collected) is taken over.
  [[nodiscard]] static Accumulator of(const Aggregate& aggregate);

  // Takes the values of one message that the aggregate's filter lets pass. `by` is argmax's, else anything.
  [[nodiscard]] Taken add(const Value& argument, const Value& by, Stamp stamp);

  // Adds all that `other`, of the same aggregate, has taken.
  void merge(const Accumulator& other);

  // The result now. Its text views this accumulator or `scratch`, and is good until either changes.
  [[nodiscard]] Value value(Scratch& scratch) const;

  [[nodiscard]] AggregateKind kind() const { return static_cast<AggregateKind>(state_.index()); }

  // Memory in bytes, this object included: now, by its content, so that save() and load() do not change it; and at most,
  // whatever it is given.
  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] size_t bytes_max() const;

  // Appends kind, version and state.
  void save(std::string& out) const;

  // Reads back what save() of the same aggregate wrote, and moves `in` behind it. False: it is not that, or a later
  // release wrote it; this one is then empty, `in` where it was. Bytes from anywhere do no harm.
  [[nodiscard]] bool load(std::string_view& in);

 private:
  // In the order of AggregateKind.
  using States = std::variant<Counter, Counter, Counter, Mean, Mean, Extreme, Extreme, Edge, Edge, Spread,
                              Spread, Spread, Spread, Change, Change, Quantile, Distinct, Argmax, Collected>;

  static_assert(std::variant_size_v<States> == static_cast<size_t>(AggregateKind::collect) + 1);

  States state_;
};

static_assert(sizeof(Accumulator) <= 32);

}  // namespace headgate::routing
