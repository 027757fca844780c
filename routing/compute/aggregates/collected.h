// collect(x, n): the first n numbers, booleans and strings by their stamp, as a JSON array.
#pragma once

#include <optional>
#include <vector>

#include "routing/compute/aggregates/boxed.h"
#include "routing/compute/aggregates/kept_value.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Values up to the first that would be one too many, or that with those before it would exceed 16 KiB of text: a late
// message pushes the last ones out, and nothing after what is out comes in again. So the order of arrival is nothing.
class EarliestValues {
 public:
  static constexpr size_t kTextBytesMax = size_t{16} * 1024;

  void add(Stamp stamp, const Value& value, size_t most);
  void merge(const EarliestValues& other, size_t most);
  void append_json(std::string& out) const;

  [[nodiscard]] size_t heap_bytes() const;
  [[nodiscard]] static size_t heap_bytes_max(size_t most);

  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in, size_t most);  // into an empty one

 private:
  struct Entry {
    Stamp stamp;
    KeptValue value;
  };

  [[nodiscard]] bool is_out(Stamp stamp) const { return out_from_ && stamp >= *out_from_; }
  void cut_from(Stamp stamp);
  void drop_last();

  std::vector<Entry> entries_;  // by stamp
  size_t text_bytes_ = 0;
  std::optional<Stamp> out_from_;  // of the first that had no place
};

class Collected {
 public:
  static constexpr size_t kValuesMax = 100;

  void set_parameter(double most) {
    most_ = most >= 1 && most <= kValuesMax ? static_cast<size_t>(most) : kValuesMax;
  }

  // Yes also for values that have no place.
  [[nodiscard]] Taken add(AggregateKind, const Sample& sample) {
    if (!KeptValue::can_keep(sample.argument)) return Taken::type_error;
    values_.made().add(sample.stamp, sample.argument, most_);
    return Taken::yes;
  }
  void merge(AggregateKind, const Collected& other) {
    if (other.values_) values_.made().merge(*other.values_, most_);
  }
  [[nodiscard]] Value value(AggregateKind, Scratch& scratch) const;
  void clear() { values_.clear(); }
  [[nodiscard]] size_t heap_bytes() const {
    return values_ ? sizeof(EarliestValues) + values_->heap_bytes() : 0;
  }
  [[nodiscard]] size_t heap_bytes_max() const {
    return sizeof(EarliestValues) + EarliestValues::heap_bytes_max(most_);
  }

  void save(std::string& out) const {
    pack_byte(out, values_ ? 1 : 0);
    if (values_) values_->save(out);
  }
  [[nodiscard]] bool load(PackedReader& in) {
    const uint8_t held = in.byte();
    return held == 1 ? values_.made().load(in, most_) : held == 0;
  }

 private:
  size_t most_ = kValuesMax;
  Boxed<EarliestValues> values_;
};

}  // namespace headgate::routing
