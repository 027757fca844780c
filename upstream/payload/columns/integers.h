// Writes a column of integers in few bits. Pure.
//
// Each value is told from one that a reader can expect: nothing, the last one, or the last one and the last step, of the
// column or of the rows that share a word in another column (a machine's id). What is left is taken from a base,
// folded (0, -1, 1, -2 … are 0, 1, 2, 3 …) and split: the upper part is a byte in the planes, where entropy is, the
// lower `low_bits`, which are noise, stay together as bits. All arithmetic is modulo 2^64, so nothing overflows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "upstream/payload/columns/streams.h"

namespace headgate::upstream::columns {

inline constexpr uint8_t kEscape = 255;  // in the planes: all 64 bits of the value follow among the bits

// Rows that belong together: for each row the number of its group, counted by first appearance.
struct Groups {
  std::span<const uint32_t> of_row;
  size_t count = 0;
  size_t hole = 0;  // column that says it
};

struct IntegerPlan {
  int low_bits = -1;  // -1: every value is as expected, and nothing is written but the plan
  int order = 0;      // 0: nothing is expected; 1: the last value; 2: the last value and step
  const Groups* groups = nullptr;
  std::vector<int64_t> bases;   // with order 0 and groups one each, else one
  int64_t first = 0;            // expected before any value, with order 1 and 2
  std::vector<uint64_t> rests;  // of each value, folded
  double bits = 0;              // about what the column takes
};

// Finds a cheap plan. `candidates` must outlive it. REQUIRES: values, one for each row of the groups.
[[nodiscard]] IntegerPlan plan_integers(std::span<const int64_t> values, std::span<const Groups> candidates);

// Appends the plan as JSON to `head`, and the values to `streams`.
void write_integers(const IntegerPlan& plan, std::string& head, Streams& streams);

}  // namespace headgate::upstream::columns
