// Durations counted in fixed buckets, as Prometheus' histograms are. A value: nothing is allocated.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace headgate::core {

class Histogram {
 public:
  // Upper bounds of the buckets, inclusive; one bucket more is for all that is longer.
  static constexpr std::array<int64_t, 15> kBoundsUs = {100,     250,     500,       1'000,     2'500,
                                                        5'000,   10'000,  25'000,    50'000,    100'000,
                                                        250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};
  static constexpr size_t kBuckets = kBoundsUs.size() + 1;

  // A negative duration counts as none.
  void add(int64_t us) {
    const int64_t took = std::max<int64_t>(us, 0);
    ++counts_[static_cast<size_t>(std::ranges::lower_bound(kBoundsUs, took) - kBoundsUs.begin())];
    sum_us_ += static_cast<uint64_t>(took);
  }

  // Durations in a bucket alone, not in those before it.
  [[nodiscard]] uint64_t in_bucket(size_t bucket) const { return counts_[bucket]; }
  [[nodiscard]] uint64_t sum_us() const { return sum_us_; }
  [[nodiscard]] uint64_t count() const {
    uint64_t all = 0;
    for (const uint64_t count : counts_) all += count;
    return all;
  }

 private:
  std::array<uint64_t, kBuckets> counts_{};
  uint64_t sum_us_ = 0;
};

}  // namespace headgate::core
