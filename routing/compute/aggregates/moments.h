// sum, avg; stddev, stddevp, var, varp. Numbers only.
#pragma once

#include "routing/compute/aggregates/boxed.h"
#include "routing/compute/aggregates/count.h"
#include "routing/compute/aggregates/exact_sum.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

// The mean is sum over count, and not Welford's running mean, whose last digits depend on the order.
class Mean {
 public:
  [[nodiscard]] Taken add(AggregateKind, const Sample& sample) {
    if (!is_finite_number(sample.argument)) return Taken::type_error;
    raise(count_, 1);
    sum_.add(sample.argument.number);
    return Taken::yes;
  }
  void merge(AggregateKind, const Mean& other);
  [[nodiscard]] Value value(AggregateKind kind, Scratch&) const;
  void clear() { *this = {}; }
  [[nodiscard]] size_t heap_bytes() const { return 0; }
  [[nodiscard]] size_t heap_bytes_max() const { return 0; }
  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);

 private:
  uint64_t count_ = 0;
  ExactSum<2> sum_;
};

// Variance from the sums of the values and of their squares. In doubles that is the textbook's mistake: the two large
// terms cancel. The sums here are exact, so nothing is lost to cancel: better than Welford's recurrence and Chan's
// merge, whose errors grow with the order's worst case, and equal values have a variance of exactly 0.
class Spread {
 public:
  [[nodiscard]] Taken add(AggregateKind, const Sample& sample);
  void merge(AggregateKind, const Spread& other);
  // Null for the sample's variance (var, stddev) of fewer than two values.
  [[nodiscard]] Value value(AggregateKind kind, Scratch&) const;
  void clear() { sums_.clear(); }
  [[nodiscard]] size_t heap_bytes() const { return sums_ ? sizeof(Sums) : 0; }
  [[nodiscard]] size_t heap_bytes_max() const { return sizeof(Sums); }
  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);

 private:
  struct Sums {
    uint64_t count = 0;
    ExactSum<2> values;
    ExactSum<3> squares;

    [[nodiscard]] double square_deviations() const;
  };

  Boxed<Sums> sums_;
};

}  // namespace headgate::routing
