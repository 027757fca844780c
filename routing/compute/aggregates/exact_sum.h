// Sums of doubles that lose nothing in practice, and so do not depend on the order of what they add.
//
// A sum is kept as N doubles whose exact sum it is, each the rounding of all that is left: Neumaier's compensated sum
// (ZAMM 54, 1974) for N = 2, brought back to that form after each step (Shewchuk, "Adaptive precision floating-point
// arithmetic", 1997, calls it an expansion). Worked example, N = 2: 1e16 is (1e16, 0); plus 1 is (1e16, 1), for 1e16 + 1
// is no double; minus 1e16 is (1, 0). A plain sum gives 0.
//
// Exact means: as long as the bits from the largest partial sum to the smallest bit of any value fit into N * 53
// bits. For N = 2 and a million values of full precision the largest may be 2^33 times the smallest. Then any order and
// any splitting into sums that are merged gives the same state, bit by bit (N = 3: but for a tie, once in 2^53), and
// value() is the true sum rounded once. Beyond it, each step errs by less than 2^-(53 N - 3) of the sum's magnitude.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "routing/compute/aggregates/packed.h"

namespace headgate::routing {

// Makes `a` the rounded sum, `b` what the rounding lost (Knuth, TAOCP 2, 4.2.2).
inline void two_sum(double& a, double& b) {
  const double sum = a + b;
  const double b_part = sum - a;
  b = (a - (sum - b_part)) + (b - b_part);
  a = sum;
}

template <size_t N>
class ExactSum {
 public:
  // Finite numbers only. A partial sum beyond the largest double makes the sum infinite for good.
  void add(double number) {
    for (double& part : parts_) two_sum(part, number);
    for (size_t pass = 1; pass < N; ++pass)
      for (size_t i = N - 1; i > 0; --i) two_sum(parts_[i - 1], parts_[i]);
    if (!std::isfinite(parts_[0] + parts_[1])) overflow();
  }

  // Adds a product of two doubles, exactly.
  void add_product(double a, double b) {
    const double product = a * b;
    if (!std::isfinite(product)) return overflow();
    add(product);
    add(std::fma(a, b, -product));
  }

  void merge(const ExactSum& other) {
    if (!std::isfinite(other.parts_[0])) return overflow();
    for (size_t i = N; i-- > 0;) add(other.parts_[i]);
  }

  [[nodiscard]] double value() const { return parts_[0]; }
  [[nodiscard]] double part(size_t i) const { return parts_[i]; }

  // The sum over `count` values; the second step makes the mean of equal values that very value.
  [[nodiscard]] double mean(double count) const {
    const double near = parts_[0] / count;
    return std::isfinite(near) ? near + (std::fma(-near, count, parts_[0]) + parts_[1]) / count : near;
  }

  void save(std::string& out) const {
    for (const double part : parts_) pack_double(out, part);
  }

  // False: no sum looks like that.
  [[nodiscard]] bool load(PackedReader& in) {
    for (double& part : parts_) part = in.number();
    if (parts_[0] == kOverflown) return in.ok();
    for (size_t i = 1; i < N; ++i)
      if (!(std::fabs(parts_[i]) <= std::ldexp(std::fabs(parts_[i - 1]), -52))) return false;
    return in.ok() && std::isfinite(parts_[0]);
  }

 private:
  static constexpr double kOverflown = std::numeric_limits<double>::infinity();

  void overflow() {
    parts_ = {};
    parts_[0] = kOverflown;
  }

  std::array<double, N> parts_{};
};

}  // namespace headgate::routing
