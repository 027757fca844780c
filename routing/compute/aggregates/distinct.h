// distinct(x): how many different numbers, booleans and strings came; 1, "1" and true are three. Exact up to 64, then
// by HyperLogLog with 1,024 registers: a standard error of 3.3 % from 1 KiB.
#pragma once

#include <cstdint>
#include <vector>

#include "routing/compute/aggregates/boxed.h"
#include "routing/compute/aggregates/packed.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Set of hashes, exact while it is small. Which form it has, and all of it, follows from the set alone.
//
// HyperLogLog: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation
// algorithm", AofA 2007. The first 10 bits of a hash choose a register, which keeps the largest rank seen: the number
// of zeros that follow, plus one. Registers are merged by their maximum. The estimate is Ertl's ("New cardinality
// estimation algorithms for HyperLogLog sketches", arXiv:1702.01284, 2017), which needs no corrections by range: from
// how many registers have each rank. Worked example with 4 registers 0, 1, 1, 2: sigma(1/4) = 0.3204, so
// z = 4 * 0.3204 + 2/2 + 1/4 = 2.531, and the estimate is 4^2 / (2 ln 2 * 2.531) = 4.56.
class HashSet {
 public:
  static constexpr size_t kExactMax = 64;

  void add(uint64_t hash);
  void merge(const HashSet& other);
  [[nodiscard]] double size() const;  // a whole number

  [[nodiscard]] size_t heap_bytes() const { return exact_.size() * sizeof(uint64_t) + registers_.size(); }
  [[nodiscard]] static size_t heap_bytes_max();

  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);  // into an empty one

 private:
  void count(uint64_t hash);
  void become_registers();
  void save_registers(std::string& out) const;
  [[nodiscard]] bool load_registers(PackedReader& in);

  std::vector<uint64_t> exact_;     // ascending; empty once there are registers
  std::vector<uint8_t> registers_;  // empty, or one rank each
};

class Distinct {
 public:
  // Strings of any length: only their hash is kept.
  [[nodiscard]] Taken add(AggregateKind, const Sample& sample);
  void merge(AggregateKind, const Distinct& other) {
    if (other.seen_) seen_.made().merge(*other.seen_);
  }
  [[nodiscard]] Value value(AggregateKind, Scratch&) const { return Value::of(seen_ ? seen_->size() : 0.0); }
  void clear() { seen_.clear(); }
  [[nodiscard]] size_t heap_bytes() const { return seen_ ? sizeof(HashSet) + seen_->heap_bytes() : 0; }
  [[nodiscard]] size_t heap_bytes_max() const { return sizeof(HashSet) + HashSet::heap_bytes_max(); }

  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);

 private:
  Boxed<HashSet> seen_;
};

}  // namespace headgate::routing
