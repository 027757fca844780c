// Random numbers for tests: the same on every machine for a seed, whatever the standard library's distributions do.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace headgate::routing::testing {

class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : engine_(seed) {}

  uint64_t bits() { return engine_(); }
  uint64_t below(uint64_t bound) { return engine_() % bound; }
  bool chance(double share) { return unit() < share; }
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }  // [0, 1)
  double between(double low, double high) { return low + (high - low) * unit(); }
  // Standard normal, by the sum of twelve.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += unit();
    return sum;
  }
  // A reading of a sensor with one or two decimals.
  double reading() { return std::round(between(-4000, 9000)) / (chance(0.5) ? 10 : 100); }

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace headgate::routing::testing
