// percentile and median of numbers.
#pragma once

#include "routing/compute/aggregates/boxed.h"
#include "routing/compute/aggregates/quantile_sketch.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

class Quantile {
 public:
  void set_parameter(double share) { share_ = share >= 0 && share <= 1 ? share : 0.5; }

  [[nodiscard]] Taken add(AggregateKind, const Sample& sample) {
    if (!is_finite_number(sample.argument)) return Taken::type_error;
    sketch_.made().add(sample.argument.number);
    return Taken::yes;
  }
  void merge(AggregateKind, const Quantile& other) {
    if (other.sketch_) sketch_.made().merge(*other.sketch_);
  }
  [[nodiscard]] Value value(AggregateKind, Scratch&) const {
    return sketch_ ? Value::of(sketch_->quantile(share_)) : Value::null();
  }
  void clear() { sketch_.clear(); }
  [[nodiscard]] size_t heap_bytes() const {
    return sketch_ ? sizeof(QuantileSketch) + sketch_->heap_bytes() : 0;
  }
  [[nodiscard]] size_t heap_bytes_max() const {
    return sizeof(QuantileSketch) + QuantileSketch::heap_bytes_max();
  }

  void save(std::string& out) const {
    pack_byte(out, sketch_ ? 1 : 0);
    if (sketch_) sketch_->save(out);
  }
  [[nodiscard]] bool load(PackedReader& in) {
    const uint8_t held = in.byte();
    return held == 1 ? sketch_.made().load(in) : held == 0;
  }

 private:
  double share_ = 0.5;
  Boxed<QuantileSketch> sketch_;
};

}  // namespace headgate::routing
