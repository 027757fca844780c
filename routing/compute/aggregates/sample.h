// A sample is one message as an aggregate sees it.
#pragma once

#include <compare>
#include <cstdint>

#include "routing/compute/aggregates/packed.h"
#include "routing/evaluation/value.h"

namespace headgate::routing {

// When a message counts: by its event time, and among equal times by an order that a replay gives again.
struct Stamp {
  int64_t time_ms = 0;
  uint64_t order = 0;

  friend auto operator<=>(const Stamp&, const Stamp&) = default;
};

inline void pack_stamp(std::string& out, Stamp stamp) {
  pack_signed(out, stamp.time_ms);
  pack_varint(out, stamp.order);
}

[[nodiscard]] inline Stamp read_stamp(PackedReader& in) {
  Stamp stamp;
  stamp.time_ms = in.signed_varint();
  stamp.order = in.varint();
  return stamp;
}

// `argument` and `by` are defined and not null, and own nothing.
struct Sample {
  const Value& argument;
  const Value& by;  // argmax
  Stamp stamp;
};

// Outcome of adding a sample.
enum class Taken : uint8_t {
  yes,
  skipped,     // undefined or null: it does not count
  type_error,  // a value that this aggregate cannot take: it does not count, the caller counts it
};

[[nodiscard]] inline Taken taken_if(bool fits) { return fits ? Taken::yes : Taken::type_error; }

// A number that statistics can take: infinity would spoil them for good, and JSON has none.
[[nodiscard]] inline bool is_finite_number(const Value& value) {
  return value.is(Value::Kind::number) && std::isfinite(value.number);
}

// Results beyond the range of a double are null.
[[nodiscard]] inline Value finite_or_null(double number) {
  return std::isfinite(number) ? Value::of(number) : Value::null();
}

}  // namespace headgate::routing
