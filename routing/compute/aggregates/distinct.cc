#include "routing/compute/aggregates/distinct.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "routing/compute/aggregates/stable_hash.h"
#include "routing/evaluation/json_number.h"

namespace headgate::routing {
namespace {

constexpr int kRegisterBits = 10;
constexpr size_t kRegisters = size_t{1} << kRegisterBits;
constexpr size_t kRankMax = 64 - kRegisterBits + 1;
constexpr uint8_t kInRegisters = 255;           // instead of a number of exact hashes
constexpr size_t kZeroRunMax = 255 - kRankMax;  // a byte above kRankMax is a run of empty registers

// Ertl's functions: what the empty registers and those of the largest rank add, as series until nothing changes.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double sum = x;
  for (double before = -1, weight = 1; sum != before; weight *= 2) {
    before = sum;
    x *= x;
    sum += x * weight;
  }
  return sum;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x;
  for (double before = -1, weight = 0.5; sum != before; weight /= 2) {
    before = sum;
    x = std::sqrt(x);
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}

double estimate(const std::vector<uint8_t>& registers) {
  std::array<double, kRankMax + 1> with_rank{};
  for (const uint8_t rank : registers) ++with_rank[rank];
  constexpr auto kCount = static_cast<double>(kRegisters);
  double z = kCount * tau(1 - with_rank[kRankMax] / kCount);
  for (size_t rank = kRankMax - 1; rank >= 1; --rank) z = (z + with_rank[rank]) / 2;
  z += kCount * sigma(with_rank[0] / kCount);
  return kCount * kCount / (2 * std::log(2.0) * z);
}

uint64_t hash_of(const Value& value) {
  if (value.is(Value::Kind::string)) return stable_hash(value.text, 0);
  if (const std::string_view digits = large_integer(value); !digits.empty()) return stable_hash(digits, 1);
  std::string bytes;
  if (value.is(Value::Kind::number))
    pack_double(bytes, value.number + 0.0);  // -0 is 0
  else
    pack_byte(bytes, value.truth ? 1 : 0);
  return stable_hash(bytes, 1);
}

}  // namespace

void HashSet::add(uint64_t hash) {
  if (!registers_.empty()) return count(hash);
  const auto at = std::ranges::lower_bound(exact_, hash);
  if (at != exact_.end() && *at == hash) return;
  exact_.insert(at, hash);
  if (exact_.size() > kExactMax) become_registers();
}

void HashSet::become_registers() {
  registers_.resize(kRegisters);
  for (const uint64_t hash : exact_) count(hash);
  exact_ = std::vector<uint64_t>();  // gives its memory back
}

void HashSet::count(uint64_t hash) {
  const uint64_t rest = hash << kRegisterBits;
  const size_t rank = std::min<size_t>(static_cast<size_t>(std::countl_zero(rest)) + 1, kRankMax);
  uint8_t& held = registers_[hash >> (64 - kRegisterBits)];
  held = std::max(held, static_cast<uint8_t>(rank));
}

void HashSet::merge(const HashSet& other) {
  for (const uint64_t hash : other.exact_) add(hash);
  if (other.registers_.empty()) return;
  if (registers_.empty()) become_registers();
  for (size_t i = 0; i < kRegisters; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double HashSet::size() const {
  if (registers_.empty()) return static_cast<double>(exact_.size());
  return std::max(static_cast<double>(kExactMax + 1), std::round(estimate(registers_)));
}

size_t HashSet::heap_bytes_max() { return std::max(kRegisters, kExactMax * sizeof(uint64_t)); }

void HashSet::save(std::string& out) const {
  if (!registers_.empty()) return save_registers(out);
  pack_byte(out, static_cast<uint8_t>(exact_.size()));
  for (const uint64_t hash : exact_) pack_u64(out, hash);
}

void HashSet::save_registers(std::string& out) const {
  pack_byte(out, kInRegisters);
  for (size_t i = 0; i < kRegisters;) {
    size_t end = i;
    while (end < kRegisters && end - i < kZeroRunMax && registers_[end] == 0) ++end;
    const size_t zeros = end - i;
    pack_byte(out, zeros > 0 ? static_cast<uint8_t>(kRankMax + zeros) : registers_[i]);
    i = std::max(end, i + 1);
  }
}

bool HashSet::load(PackedReader& in) {
  const uint8_t exact = in.byte();
  if (exact == kInRegisters) return load_registers(in);
  if (exact == 0 || exact > kExactMax) return false;
  for (size_t i = 0; i < exact; ++i) {
    const uint64_t hash = in.u64();
    if (!in.ok() || (i > 0 && hash <= exact_.back())) return false;
    exact_.push_back(hash);
  }
  return in.ok();
}

bool HashSet::load_registers(PackedReader& in) {
  registers_.reserve(kRegisters);
  while (registers_.size() < kRegisters) {
    const size_t next = in.byte();
    const size_t zeros = next > kRankMax ? next - kRankMax : 0;
    if (next == 0 || registers_.size() + zeros > kRegisters) return false;
    if (zeros > 0)
      registers_.resize(registers_.size() + zeros);
    else
      registers_.push_back(static_cast<uint8_t>(next));
  }
  return true;
}

Taken Distinct::add(AggregateKind, const Sample& sample) {
  const Value& value = sample.argument;
  if (value.is(Value::Kind::number) && !std::isfinite(value.number)) return Taken::type_error;
  seen_.made().add(hash_of(value));
  return Taken::yes;
}

void Distinct::save(std::string& out) const {
  pack_byte(out, seen_ ? 1 : 0);
  if (seen_) seen_->save(out);
}

bool Distinct::load(PackedReader& in) {
  const uint8_t held = in.byte();
  return held == 1 ? seen_.made().load(in) : held == 0;
}

}  // namespace headgate::routing
