#include "routing/compute/aggregates/moments.h"

#include <algorithm>

namespace headgate::routing {

void Mean::merge(AggregateKind, const Mean& other) {
  raise(count_, other.count_);
  sum_.merge(other.sum_);
}

Value Mean::value(AggregateKind kind, Scratch&) const {
  if (count_ == 0) return Value::null();
  return finite_or_null(kind == AggregateKind::sum ? sum_.value() : sum_.mean(static_cast<double>(count_)));
}

void Mean::save(std::string& out) const {
  pack_varint(out, count_);
  if (count_ != 0) sum_.save(out);
}

bool Mean::load(PackedReader& in) {
  count_ = read_count(in);
  return count_ == 0 ? in.ok() : sum_.load(in);
}

Taken Spread::add(AggregateKind, const Sample& sample) {
  if (!is_finite_number(sample.argument)) return Taken::type_error;
  Sums& sums = sums_.made();
  raise(sums.count, 1);
  sums.values.add(sample.argument.number);
  sums.squares.add_product(sample.argument.number, sample.argument.number);
  return Taken::yes;
}

void Spread::merge(AggregateKind, const Spread& other) {
  if (!other.sums_) return;
  Sums& sums = sums_.made();
  raise(sums.count, other.sums_->count);
  sums.values.merge(other.sums_->values);
  sums.squares.merge(other.sums_->squares);
}

// The sum of (x - m)^2 for a double m near the mean, by x^2 - 2 m x + m^2, less what m misses the mean by.
double Spread::Sums::square_deviations() const {
  const auto n = static_cast<double>(count);
  const double m = values.mean(n);
  if (!std::isfinite(m)) return m;
  ExactSum<3> sum = squares;
  for (size_t i = 0; i < 2; ++i) sum.add_product(-2 * m, values.part(i));
  const double square = m * m;
  sum.add_product(n, square);
  sum.add_product(n, std::fma(m, m, -square));
  if (!std::isfinite(sum.value())) return sum.value();
  ExactSum<2> missed = values;
  missed.add_product(-n, m);
  return std::max(0.0, sum.value() - missed.value() * missed.value() / n);
}

Value Spread::value(AggregateKind kind, Scratch&) const {
  const bool population = kind == AggregateKind::varp || kind == AggregateKind::stddevp;
  const bool deviation = kind == AggregateKind::stddev || kind == AggregateKind::stddevp;
  const uint64_t count = sums_ ? sums_->count : 0;
  if (count < (population ? 1 : 2)) return Value::null();
  const double variance = sums_->square_deviations() / static_cast<double>(population ? count : count - 1);
  return finite_or_null(deviation ? std::sqrt(variance) : variance);
}

void Spread::save(std::string& out) const {
  pack_varint(out, sums_ ? sums_->count : 0);
  if (!sums_) return;
  sums_->values.save(out);
  sums_->squares.save(out);
}

bool Spread::load(PackedReader& in) {
  const uint64_t count = read_count(in);
  if (count == 0) return in.ok();
  Sums& sums = sums_.made();
  sums.count = count;
  return sums.values.load(in) && sums.squares.load(in);
}

}  // namespace headgate::routing
