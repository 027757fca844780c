#include "routing/compute/aggregates/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "routing/compute/aggregates/count.h"

namespace headgate::routing {
namespace {

// Makes every key positive: the index of a double lies between -37,300 and 35,500.
constexpr int64_t kKeyOffset = 40'000;
constexpr int64_t kKeyMax = 2 * kKeyOffset;
constexpr uint8_t kInBuckets = 255;  // instead of a number of exact values

constexpr double kLogGrowth = 0.020000666706669524;  // log((1 + kAccuracy) / (1 - kAccuracy))

// `number` is not zero.
int64_t key_of(double number) {
  const auto index = static_cast<int64_t>(std::ceil(std::log(std::fabs(number)) / kLogGrowth));
  return number > 0 ? index + kKeyOffset : -(index + kKeyOffset);
}

// 2 g^i / (g + 1), which is g^i (1 - a).
double estimate_of(int64_t key) {
  const auto index = static_cast<double>(std::abs(key) - kKeyOffset);
  const double magnitude = std::exp(index * kLogGrowth) * (1 - QuantileSketch::kAccuracy);
  return key > 0 ? magnitude : -magnitude;
}

// Orders buckets by magnitude; of two signs the negative is first.
bool is_nearer_zero(int64_t a, int64_t b) {
  return std::abs(a) != std::abs(b) ? std::abs(a) < std::abs(b) : a < b;
}

}  // namespace

void QuantileSketch::add(double number) {
  number += 0.0;  // -0 becomes 0
  widen_range(number, number);
  if (!is_exact()) return count_number(number);
  exact_.insert(std::ranges::upper_bound(exact_, number), number);
  if (exact_.size() > kExactMax) become_buckets();
}

void QuantileSketch::widen_range(double least, double greatest) {
  const bool fresh = is_empty();
  least_ = fresh ? least : std::min(least_, least);
  greatest_ = fresh ? greatest : std::max(greatest_, greatest);
}

uint64_t QuantileSketch::count() const {
  if (is_exact()) return exact_.size();
  uint64_t sum = zeros_ + small_negatives_ + small_positives_;
  for (const Bucket& bucket : buckets_) sum += bucket.count();
  return sum;
}

void QuantileSketch::become_buckets() {
  for (const double number : exact_) count_number(number);
  exact_ = std::vector<double>();  // gives its memory back
}

void QuantileSketch::count_number(double number) {
  if (number == 0)
    raise(zeros_, 1);
  else
    count_in(key_of(number), 1);
}

size_t QuantileSketch::first_positive() const {
  return static_cast<size_t>(std::ranges::lower_bound(buckets_, 0, {}, &Bucket::key) - buckets_.begin());
}

size_t QuantileSketch::nearest_zero() const {
  const size_t positive = first_positive();
  if (positive == 0) return 0;
  if (positive == buckets_.size()) return positive - 1;
  return is_nearer_zero(buckets_[positive].key(), buckets_[positive - 1].key()) ? positive : positive - 1;
}

void QuantileSketch::count_in(int64_t key, uint64_t count) {
  const auto place = [&] { return std::ranges::lower_bound(buckets_, key, {}, &Bucket::key); };
  auto at = place();
  if (at != buckets_.end() && at->key() == key) {
    *at = Bucket(key, at->count() + count);
    return;
  }
  if (buckets_.size() == kBucketsMax) {
    const auto least = buckets_.begin() + static_cast<std::ptrdiff_t>(nearest_zero());
    const Bucket out = is_nearer_zero(key, least->key()) ? Bucket(key, count) : *least;
    raise(out.key() > 0 ? small_positives_ : small_negatives_, out.count());
    if (out.key() == key) return;
    buckets_.erase(least);
    at = place();
  }
  buckets_.insert(at, Bucket(key, count));
}

void QuantileSketch::merge(const QuantileSketch& other) {
  if (other.is_exact()) {
    for (const double number : other.exact_) add(number);
    return;
  }
  widen_range(other.least_, other.greatest_);
  if (is_exact()) become_buckets();
  raise(zeros_, other.zeros_);
  raise(small_negatives_, other.small_negatives_);
  raise(small_positives_, other.small_positives_);
  for (const Bucket& bucket : other.buckets_) count_in(bucket.key(), bucket.count());
}

double QuantileSketch::quantile(double share) const {
  const uint64_t last = count() - 1;
  const double position = share * static_cast<double>(last);
  const auto rank = std::min(static_cast<uint64_t>(position), last);
  const double lower = at(rank);
  const double part = position - static_cast<double>(rank);
  return part > 0 && rank < last ? std::lerp(lower, at(rank + 1), part) : lower;
}

double QuantileSketch::at(uint64_t rank) const {
  return is_exact() ? exact_[rank] : std::clamp(bucket_at(rank), least_, greatest_);
}

// Walks up from the most negative bucket, over the small values and zero in the middle.
double QuantileSketch::bucket_at(uint64_t rank) const {
  const size_t positive = first_positive();
  const auto passes = [&rank](uint64_t count) {
    if (rank < count) return false;
    rank -= count;
    return true;
  };
  for (size_t i = 0; i < positive; ++i)
    if (!passes(buckets_[i].count())) return estimate_of(buckets_[i].key());
  if (!passes(small_negatives_)) return positive > 0 ? estimate_of(buckets_[positive - 1].key()) : 0;
  if (!passes(zeros_)) return 0;
  if (!passes(small_positives_))
    return positive < buckets_.size() ? estimate_of(buckets_[positive].key()) : 0;
  for (size_t i = positive; i < buckets_.size(); ++i)
    if (!passes(buckets_[i].count())) return estimate_of(buckets_[i].key());
  return greatest_;
}

void QuantileSketch::save(std::string& out) const {
  if (!is_exact()) return save_buckets(out);
  pack_byte(out, static_cast<uint8_t>(exact_.size()));
  for (const double number : exact_) pack_double(out, number);
}

// Keys are written as the distance from the one before: a byte or two each.
void QuantileSketch::save_buckets(std::string& out) const {
  pack_byte(out, kInBuckets);
  pack_double(out, least_);
  pack_double(out, greatest_);
  for (const uint64_t count : {zeros_, small_negatives_, small_positives_}) pack_varint(out, count);
  pack_varint(out, buckets_.size());
  int64_t before = -kKeyMax - 1;
  for (const Bucket& bucket : buckets_) {
    pack_varint(out, static_cast<uint64_t>(bucket.key() - before));
    pack_varint(out, bucket.count());
    before = bucket.key();
  }
}

bool QuantileSketch::load(PackedReader& in) {
  const uint8_t exact = in.byte();
  return exact == kInBuckets ? load_buckets(in) : load_exact(in, exact);
}

bool QuantileSketch::load_exact(PackedReader& in, size_t count) {
  if (count == 0 || count > kExactMax) return false;
  for (size_t i = 0; i < count; ++i) {
    const double number = in.number();
    if (!in.ok() || !std::isfinite(number) || (i > 0 && number < greatest_)) return false;
    add(number);
  }
  return in.ok();
}

bool QuantileSketch::load_buckets(PackedReader& in) {
  least_ = in.number();
  greatest_ = in.number();
  for (uint64_t* count : {&zeros_, &small_negatives_, &small_positives_}) *count = read_count(in);
  const uint64_t buckets = in.varint();
  if (!in.ok() || buckets > kBucketsMax || buckets > in.rest().size()) return false;
  int64_t key = -kKeyMax - 1;
  for (uint64_t i = 0; i < buckets; ++i) {
    const uint64_t step = in.varint();
    const uint64_t count = in.varint();
    if (step == 0 || step > 2 * kKeyMax + 1 || count == 0 || count > Bucket::kCountMax) return false;
    key += static_cast<int64_t>(step);
    if (key > kKeyMax || key == 0) return false;
    buckets_.emplace_back(key, count);
  }
  const bool some_small = small_negatives_ != 0 || small_positives_ != 0;
  return in.ok() && count() > kExactMax && std::isfinite(least_) && std::isfinite(greatest_) &&
         least_ <= greatest_ && (!some_small || buckets == kBucketsMax) && !is_exact();
}

}  // namespace headgate::routing
