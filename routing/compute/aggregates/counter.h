// count(*), count(x) and count_if(c).
#pragma once

#include "routing/compute/aggregates/packed.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

class Counter {
 public:
  [[nodiscard]] Taken add(AggregateKind kind, const Sample& sample) {
    if (kind != AggregateKind::count_if) return ++count_, Taken::yes;
    count_ += sample.argument.truth ? 1 : 0;  // false but for a boolean
    return taken_if(sample.argument.is(Value::Kind::boolean));
  }
  void merge(AggregateKind, const Counter& other) { count_ += other.count_; }
  [[nodiscard]] Value value(AggregateKind, Scratch&) const { return Value::of(static_cast<double>(count_)); }
  void clear() { count_ = 0; }
  [[nodiscard]] size_t heap_bytes() const { return 0; }
  [[nodiscard]] size_t heap_bytes_max() const { return 0; }
  void save(std::string& out) const { pack_varint(out, count_); }
  [[nodiscard]] bool load(PackedReader& in) {
    count_ = in.varint();
    return in.ok();
  }

 private:
  uint64_t count_ = 0;
};

}  // namespace headgate::routing
