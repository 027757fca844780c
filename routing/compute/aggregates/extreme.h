// min and max of numbers or of strings; argmax.
#pragma once

#include "routing/compute/aggregates/boxed.h"
#include "routing/compute/aggregates/kept_value.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Numbers and strings have no common order. Numbers win, whichever came first, so the value does not depend on the
// order: beside a number every string is a type error, and a number that pushes a string out counts for one, being the
// first that shows the mixture. A boolean is always a type error.
class Extreme {
 public:
  [[nodiscard]] Taken add(AggregateKind kind, const Sample& sample);
  void merge(AggregateKind kind, const Extreme& other);
  [[nodiscard]] Value value(AggregateKind, Scratch&) const { return best_.value(); }
  void clear() { best_ = {}; }
  [[nodiscard]] size_t heap_bytes() const { return best_.heap_bytes(); }
  [[nodiscard]] size_t heap_bytes_max() const { return KeptValue::kHeapBytesMax; }
  void save(std::string& out) const { best_.save(out); }
  [[nodiscard]] bool load(PackedReader& in);

 private:
  KeptValue best_;
};

// argmax(x, y): the x (number, boolean or string) that came with the largest y (a number); of equal y the earlier by
// its stamp.
class Argmax {
 public:
  [[nodiscard]] Taken add(AggregateKind, const Sample& sample);
  void merge(AggregateKind, const Argmax& other);
  [[nodiscard]] Value value(AggregateKind, Scratch&) const;
  void clear() { top_.clear(); }
  [[nodiscard]] size_t heap_bytes_max() const { return sizeof(Top) + KeptValue::kHeapBytesMax; }
  [[nodiscard]] size_t heap_bytes() const { return top_ ? sizeof(Top) + top_->argument.heap_bytes() : 0; }
  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);

 private:
  struct Top {
    double by = 0;
    Stamp stamp;
    KeptValue argument;

    [[nodiscard]] bool beaten_by(double other, Stamp when) const {
      return other > by || (other == by && when < stamp);
    }
  };

  Boxed<Top> top_;
};

}  // namespace headgate::routing
