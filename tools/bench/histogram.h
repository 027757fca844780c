// A distribution of times in memory that does not grow: buckets as wide as 1/128 of what they hold, so that
// every answer is at most 0.8 % too high.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace headgate::tools::bench {

class Histogram {
 public:
  static constexpr uint64_t kValueMax = (uint64_t{1} << 40) - 1;  // 18 minutes in ns; more counts as this

  void add(uint64_t value);

  // The value that `percent` of all values do not exceed, rounded up to its bucket's end but never beyond
  // max(). 0 while empty.
  [[nodiscard]] uint64_t percentile(double percent) const;

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint64_t max() const { return max_; }  // exact

 private:
  static constexpr unsigned kPrecisionBits = 7;
  static constexpr size_t kPerOctave = size_t{1} << kPrecisionBits;
  static constexpr size_t kBuckets = (40 - kPrecisionBits + 1) * kPerOctave;

  static size_t bucket_of(uint64_t value);
  static uint64_t end_of(size_t bucket);

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace headgate::tools::bench
