// count(*), count(x) and count_if(c).
#pragma once

#include "routing/compute/aggregates/count.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

class Counter {
 public:
  [[nodiscard]] Taken add(AggregateKind kind, const Sample& sample) {
    if (kind != AggregateKind::count_if) return raise(count_, 1), Taken::yes;
    raise(count_, sample.argument.truth ? 1 : 0);  // false but for a boolean
    return taken_if(sample.argument.is(Value::Kind::boolean));
  }
  void merge(AggregateKind, const Counter& other) { raise(count_, other.count_); }
  [[nodiscard]] Value value(AggregateKind, Scratch&) const { return Value::of(static_cast<double>(count_)); }
  void clear() { count_ = 0; }
  [[nodiscard]] size_t heap_bytes() const { return 0; }
  [[nodiscard]] size_t heap_bytes_max() const { return 0; }
  void save(std::string& out) const { pack_varint(out, count_); }
  [[nodiscard]] bool load(PackedReader& in) {
    count_ = read_count(in);
    return in.ok();
  }

 private:
  uint64_t count_ = 0;
};

}  // namespace headgate::routing
