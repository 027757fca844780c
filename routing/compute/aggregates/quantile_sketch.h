// Quantiles within 1 %, from bounded memory, whatever the order: DDSketch (Masson, Rim, Lee: "DDSketch: a fast and
// fully-mergeable quantile sketch with relative-error guarantees", VLDB 12, 2019). Up to 64 values are kept themselves.
//
// A value x > 0 is counted in bucket i = ceil(log(x) / log(g)), g = (1 + a) / (1 - a), a = 0.01: all from g^(i-1) to
// g^i. The bucket stands for 2 g^i / (g + 1), which is within a of either end. Worked example: g = 1.020202; for
// x = 71.25, log(x) / log(g) = 213.30, i = 214: from 70.82 to 72.25 all count as 71.53, 0.4 % from 71.25.
//
// Negative values have buckets of their magnitude, zero has a counter. At most 512 buckets are kept, those of the
// largest magnitudes (numbers of one sign that differ by up to 28,000 times all fit); values nearer to zero count
// together, as the nearest of their sign that is kept, or else as zero. No estimate is below the least value or above
// the greatest. Which buckets are kept follows from the set of values alone, so neither order nor merging matters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "routing/compute/aggregates/packed.h"

namespace headgate::routing {

class QuantileSketch {
 public:
  static constexpr double kAccuracy = 0.01;
  static constexpr size_t kExactMax = 64;
  static constexpr size_t kBucketsMax = 512;

  void add(double number);  // finite
  void merge(const QuantileSketch& other);

  // Between the two nearest ranks in proportion, as SQL's PERCENTILE_CONT and NumPy do; exact up to 64 values.
  // `share` is from 0 to 1; there is at least one value.
  [[nodiscard]] double quantile(double share) const;

  [[nodiscard]] size_t heap_bytes() const {
    return exact_.size() * sizeof(double) + buckets_.size() * sizeof(Bucket);
  }
  [[nodiscard]] static constexpr size_t heap_bytes_max() { return kBucketsMax * sizeof(Bucket); }

  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);  // into an empty one

 private:
  // Key of a positive number's bucket: its index plus an offset that makes every key positive; of a negative number's:
  // the same, negated. So keys are ordered as the numbers are.
  class Bucket {
   public:
    static constexpr uint64_t kCountMax = (uint64_t{1} << 46) - 1;

    // Counts that are too large become the largest.
    Bucket(int64_t key, uint64_t count)
        : packed_(static_cast<uint64_t>(key) << 46 | (count < kCountMax ? count : kCountMax)) {}
    [[nodiscard]] int64_t key() const { return static_cast<int64_t>(packed_) >> 46; }
    [[nodiscard]] uint64_t count() const { return packed_ & kCountMax; }

   private:
    uint64_t packed_;
  };

  [[nodiscard]] bool is_empty() const { return is_exact() && exact_.empty(); }
  [[nodiscard]] bool is_exact() const { return buckets_.empty() && zeros_ == 0; }
  [[nodiscard]] uint64_t count() const;
  void widen_range(double least, double greatest);
  void count_number(double number);
  void count_in(int64_t key, uint64_t count);
  void become_buckets();
  [[nodiscard]] size_t first_positive() const;
  [[nodiscard]] size_t nearest_zero() const;
  [[nodiscard]] double bucket_at(uint64_t rank) const;
  [[nodiscard]] double at(uint64_t rank) const;
  void save_buckets(std::string& out) const;
  [[nodiscard]] bool load_exact(PackedReader& in, size_t count);
  [[nodiscard]] bool load_buckets(PackedReader& in);

  double least_ = 0;
  double greatest_ = 0;
  std::vector<double> exact_;    // ascending; empty once there are buckets
  std::vector<Bucket> buckets_;  // ascending
  uint64_t zeros_ = 0;
  uint64_t small_negatives_ = 0;  // nearer to zero than all buckets that are kept
  uint64_t small_positives_ = 0;
};

}  // namespace headgate::routing
