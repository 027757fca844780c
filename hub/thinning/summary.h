// Sum of the numbers that stood at one place of many bodies, made of the aggregates of the route engine
// (routing/compute/aggregates): extremes, the first and the last keep the digits that they were written with, and the
// sum does not depend on the order. A value; merged, it is as if all numbers had been added to one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "routing/compute/aggregates/accumulator.h"

namespace headgate::hub {

// A number as it is written.
struct WrittenNumber {
  std::string_view text;
  double number = 0;
};

// The members of a summary, as a row has them.
struct SummaryValues {
  uint64_t count = 0;
  WrittenNumber sum;
  WrittenNumber min;
  WrittenNumber max;
  WrittenNumber first;
  WrittenNumber last;

  // The number of that name; null if there is none.
  [[nodiscard]] WrittenNumber* member(std::string_view name);
};

class Summary {
 public:
  Summary();

  void add(WrittenNumber number, routing::Stamp stamp);
  // Adds what an earlier summary came to, of numbers from `from` to `to`. Another sum is a part of this one.
  void merge(const SummaryValues& values, routing::Stamp from, routing::Stamp to);

  // Appends {"n":…,"sum":…,"min":…,"max":…,"first":…,"last":…}. False, and nothing is appended, if the sum is beyond
  // the range of a double.
  [[nodiscard]] bool append_json(std::string& out) const;

 private:
  uint64_t count_ = 0;
  routing::Accumulator sum_;
  routing::Accumulator min_;
  routing::Accumulator max_;
  routing::Accumulator first_;
  routing::Accumulator last_;
};

}  // namespace headgate::hub
