// Vocabulary of the tests of aggregates: values, samples with their times, and what comes out as JSON would show it.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "routing/compute/aggregates/accumulator.h"

namespace headgate::routing::testing {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline Aggregate aggregate(AggregateKind kind, double parameter = 0) {
  Aggregate made;
  made.kind = kind;
  made.parameter = parameter;
  return made;
}

inline Value number(double value) { return Value::of(value); }
inline Value text(std::string_view value) { return Value::of(value); }

// An accumulator to which a test adds; a sample without a time comes a second after the one before.
class Adding {
 public:
  explicit Adding(AggregateKind kind, double parameter = 0)
      : state_(Accumulator::of(aggregate(kind, parameter))) {}

  Taken add(const Value& value) { return add(value, Value::undefined(), at_ms_ + 1000); }
  Taken add(const Value& value, int64_t at_ms) { return add(value, Value::undefined(), at_ms); }
  Taken add(const Value& value, const Value& by, int64_t at_ms) {
    at_ms_ = at_ms;
    return state_.add(value, by, {at_ms, ++order_});
  }
  Adding& with(const std::vector<double>& numbers) {
    for (const double each : numbers) EXPECT_EQ(add(number(each)), Taken::yes);
    return *this;
  }

  [[nodiscard]] Accumulator& state() { return state_; }
  [[nodiscard]] double result() { return state_.value(scratch_).number; }
  [[nodiscard]] std::string result_text() { return std::string(state_.value(scratch_).text); }
  [[nodiscard]] Value::Kind result_kind() { return state_.value(scratch_).kind; }

 private:
  Accumulator state_;
  Scratch scratch_;
  int64_t at_ms_ = 0;
  uint64_t order_ = 0;
};

inline std::string saved(const Accumulator& state) {
  std::string bytes;
  state.save(bytes);
  return bytes;
}

// The same after a crash: what save() wrote, read back.
inline Accumulator reloaded(const Aggregate& spec, const Accumulator& state) {
  const std::string bytes = saved(state);
  std::string_view in = bytes;
  Accumulator read = Accumulator::of(spec);
  EXPECT_TRUE(read.load(in));
  EXPECT_TRUE(in.empty());
  return read;
}

}  // namespace headgate::routing::testing
