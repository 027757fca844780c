#include "upstream/payload/columns/integers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace headgate::upstream::columns {
namespace {

constexpr size_t kSampleRows = 256;    // that plans are compared by
constexpr double kBaseBits = 24;       // of one more base in the head
constexpr double kPreference = 0.985;  // what a plan that asks more of a reader must come to
constexpr int kLowBitsMax = 56;        // with a byte above them, 64

uint64_t unsigned_of(int64_t value) { return static_cast<uint64_t>(value); }
int64_t signed_of(uint64_t value) { return static_cast<int64_t>(value); }

uint64_t folded(uint64_t value) { return value << 1 ^ (0 - (value >> 63)); }

// Each value's difference from the expected one; the first one is where it was expected.
std::vector<uint64_t> differences(std::span<const int64_t> values, int order, const Groups* groups) {
  struct Past {
    uint64_t last = 0;
    uint64_t step = 0;
    bool known = false;
  };
  std::vector<uint64_t> found(values.size());
  if (order == 0) {
    std::ranges::transform(values, found.begin(), unsigned_of);
    return found;
  }
  std::vector<Past> pasts(groups == nullptr ? 1 : groups->count);
  uint64_t last_of_all = unsigned_of(values.front());
  for (size_t row = 0; row < values.size(); ++row) {
    Past& past = pasts[groups == nullptr ? 0 : groups->of_row[row]];
    const uint64_t value = unsigned_of(values[row]);
    const uint64_t known = past.known ? past.last : last_of_all;
    found[row] = value - known - (order == 2 ? past.step : 0);
    if (past.known) past.step = value - past.last;
    past.last = last_of_all = value;
    past.known = true;
  }
  return found;
}

// The middle of `rows` of the values: a few that are far off do not move it.
int64_t middle(std::span<const uint64_t> values, size_t rows) {
  std::vector<int64_t> sample;
  const size_t step = values.size() / rows + 1;
  for (size_t i = 0; i < values.size(); i += step) sample.push_back(signed_of(values[i]));
  const auto mid = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
  std::nth_element(sample.begin(), mid, sample.end());
  return *mid;
}

std::vector<int64_t> means_by_group(std::span<const int64_t> values, const Groups& groups) {
  std::vector<double> sums(groups.count);
  std::vector<double> counts(groups.count);
  for (size_t row = 0; row < values.size(); ++row) {
    sums[groups.of_row[row]] += static_cast<double>(values[row]);
    counts[groups.of_row[row]] += 1;
  }
  constexpr double kWithin64Bits = 9.2e18;
  std::vector<int64_t> means;
  for (size_t i = 0; i < groups.count; ++i)
    means.push_back(
        std::llround(std::clamp(counts[i] == 0 ? 0 : sums[i] / counts[i], -kWithin64Bits, kWithin64Bits)));
  return means;
}

// The first difference is from nothing, and tells nothing.
std::vector<int64_t> bases_of(std::span<const int64_t> values, std::span<const uint64_t> differences,
                              int order, const Groups* groups, size_t rows) {
  if (order == 0 && groups != nullptr) return means_by_group(values, *groups);
  return {middle(differences.subspan(order > 0 && differences.size() > 1 ? 1 : 0), rows)};
}

// Takes the bases from the differences, and folds what is left.
void fold_rests(std::span<uint64_t> differences, std::span<const int64_t> bases, const Groups* groups) {
  for (size_t row = 0; row < differences.size(); ++row) {
    const int64_t base = bases[bases.size() == 1 ? 0 : groups->of_row[row]];
    differences[row] = folded(differences[row] - unsigned_of(base));
  }
}

// Bits of a value with its sign; a measure that a few large ones do not spoil.
double mean_bits(std::span<const int64_t> values, int order, const Groups* groups) {
  constexpr size_t kMiddleRows = 48;
  std::vector<uint64_t> rests = differences(values, order, groups);
  fold_rests(rests, bases_of(values, rests, order, groups, kMiddleRows), groups);
  uint64_t bits = 0;
  for (const uint64_t rest : rests) bits += static_cast<uint64_t>(std::bit_width(rest));
  return static_cast<double>(bits) / static_cast<double>(values.size());
}

struct Choice {
  int order = 0;
  const Groups* groups = nullptr;
  double bits = 0;
};

Choice best_choice(std::span<const int64_t> values, std::span<const Groups> candidates) {
  const std::span<const int64_t> sample = values.first(std::min(values.size(), kSampleRows));
  const double rows = static_cast<double>(values.size());
  Choice best{0, nullptr, mean_bits(sample, 0, nullptr) * rows};
  const auto consider = [&](int order, const Groups* groups) {
    double bits = mean_bits(sample, order, groups) * rows;
    if (order == 0) bits += kBaseBits * static_cast<double>(groups->count);
    const bool better = bits < best.bits * kPreference;
    if (better) best = {order, groups, bits};
    return better;
  };
  // Steps are even only where values go on from the one before.
  if (consider(1, nullptr)) consider(2, nullptr);
  for (const Groups& groups : candidates) {
    consider(0, &groups);
    if (consider(1, &groups)) consider(2, &groups);
  }
  return best;
}

uint8_t upper(uint64_t rest, int low_bits) {
  const uint64_t above = rest >> low_bits;
  return above < kEscape ? static_cast<uint8_t>(above) : kEscape;
}

// About the bits that the rests take when they are split there: Huffman codes take a bit at least, and their table some.
double split_bits(std::span<const uint64_t> rests, int low_bits) {
  constexpr double kTableBits = 4;
  std::array<uint32_t, 256> counts{};
  for (const uint64_t rest : rests) ++counts[upper(rest, low_bits)];
  const double rows = static_cast<double>(rests.size());
  double entropy = 0;
  size_t kinds = 0;
  for (const uint32_t count : counts) {
    if (count == 0) continue;
    ++kinds;
    entropy += count * std::log2(rows / count);
  }
  if (kinds > 1) entropy = std::max(entropy, rows);
  return entropy + static_cast<double>(kinds) * kTableBits + rows * low_bits + counts[kEscape] * 64.0;
}

// A reader that takes all numbers for doubles must not spoil a large one.
void append_number(std::string& head, int64_t number) {
  constexpr int64_t kExactMax = int64_t{1} << 53;
  const std::string_view quote = number > kExactMax || number < -kExactMax ? "\"" : "";
  head.append(",").append(quote).append(std::to_string(number)).append(quote);
}

// Finds where to split.
void split(IntegerPlan& plan) {
  const std::span<const uint64_t> rests = plan.rests;
  std::array<size_t, 65> widths{};
  for (const uint64_t rest : rests) ++widths[static_cast<size_t>(std::bit_width(rest))];
  if (widths[0] == rests.size()) return;
  int median = 0;
  for (size_t below = widths[0]; below * 2 < rests.size(); below += widths[static_cast<size_t>(median)])
    ++median;
  plan.low_bits = 0;
  plan.bits = split_bits(rests, 0);
  // Rests of a byte may repeat in ways that a compressor sees, unless they are split.
  constexpr double kSplitPreference = 0.97;
  const int from = std::clamp(median - 4, 1, kLowBitsMax), to = std::clamp(median - 1, 1, kLowBitsMax);
  double to_beat = plan.bits * kSplitPreference;
  for (int low_bits = from; low_bits <= to; ++low_bits) {
    const double bits = split_bits(rests, low_bits);
    if (bits >= to_beat) continue;
    plan.low_bits = low_bits;
    plan.bits = to_beat = bits;
  }
}

}  // namespace

IntegerPlan plan_integers(std::span<const int64_t> values, std::span<const Groups> candidates) {
  IntegerPlan plan;
  const Choice choice = best_choice(values, candidates);
  plan.order = choice.order;
  plan.groups = choice.groups;
  plan.rests = differences(values, plan.order, plan.groups);
  plan.bases = bases_of(values, plan.rests, plan.order, plan.groups, kSampleRows);
  if (plan.order > 0) {
    plan.first = signed_of(unsigned_of(values.front()) - unsigned_of(plan.bases.front()));
    plan.rests.front() = unsigned_of(plan.bases.front());
  }
  fold_rests(plan.rests, plan.bases, plan.groups);
  split(plan);
  return plan;
}

void write_integers(const IntegerPlan& plan, std::string& head, Streams& streams) {
  head.append("[").append(std::to_string(plan.low_bits)).append(",").append(std::to_string(plan.order));
  head.append(plan.groups == nullptr ? ",-1" : "," + std::to_string(plan.groups->hole));
  append_number(head, plan.first);
  for (const int64_t base : plan.bases) append_number(head, base);
  head += ']';
  if (plan.low_bits < 0) return;
  const auto low_bits = static_cast<unsigned>(plan.low_bits);
  for (const uint64_t rest : plan.rests) {
    const uint8_t above = upper(rest, plan.low_bits);
    streams.planes += static_cast<char>(above);
    streams.bits.put(rest, above == kEscape ? 64 : low_bits);
  }
}

}  // namespace headgate::upstream::columns
