#include "tools/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace headgate::tools::bench {

// Values below kPerOctave have a bucket each; from there on every octave has kPerOctave of equal width.
size_t Histogram::bucket_of(uint64_t value) {
  if (value < kPerOctave) return static_cast<size_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - (kPrecisionBits + 1);
  return shift * kPerOctave + static_cast<size_t>(value >> shift);
}

uint64_t Histogram::end_of(size_t bucket) {
  if (bucket < 2 * kPerOctave) return bucket;
  const size_t shift = bucket / kPerOctave - 1;
  const uint64_t first = (bucket - shift * kPerOctave) << shift;
  return first + (uint64_t{1} << shift) - 1;
}

void Histogram::add(uint64_t value) {
  value = std::min(value, kValueMax);
  ++counts_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

uint64_t Histogram::percentile(double percent) const {
  constexpr double kRounding = 1e-6;  // 99.9 % of 1,000 are 999, not the next above 999.0000000000001
  const double share = percent / 100 * static_cast<double>(count_);
  const auto wanted = static_cast<uint64_t>(std::ceil(share - kRounding));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted && seen > 0) return std::min(end_of(bucket), max_);
  }
  return max_;
}

}  // namespace headgate::tools::bench
