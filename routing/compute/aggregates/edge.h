// first and last; delta and rate. By the stamp: a late message takes the place that its time gives it.
#pragma once

#include "routing/compute/aggregates/boxed.h"
#include "routing/compute/aggregates/kept_value.h"
#include "routing/compute/aggregates/sample.h"
#include "routing/language/functions.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Numbers, booleans, strings.
class Edge {
 public:
  [[nodiscard]] Taken add(AggregateKind kind, const Sample& sample);
  void merge(AggregateKind kind, const Edge& other);
  [[nodiscard]] Value value(AggregateKind, Scratch&) const {
    return held_ ? held_->value.value() : Value::null();
  }
  void clear() { held_.clear(); }
  [[nodiscard]] size_t heap_bytes_max() const { return sizeof(Held) + KeptValue::kHeapBytesMax; }
  [[nodiscard]] size_t heap_bytes() const { return held_ ? sizeof(Held) + held_->value.heap_bytes() : 0; }
  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);

 private:
  struct Held {
    Stamp stamp;
    KeptValue value;
  };

  [[nodiscard]] bool moves_to(AggregateKind kind, Stamp stamp) const;

  Boxed<Held> held_;
};

// delta is the last number less the first: 0 for one alone. rate is that for each second between the two, and null
// where there is no time between them. A counter that starts again makes both negative.
class Change {
 public:
  [[nodiscard]] Taken add(AggregateKind, const Sample& sample);
  void merge(AggregateKind, const Change& other);
  [[nodiscard]] Value value(AggregateKind kind, Scratch&) const;
  void clear() { ends_.clear(); }
  [[nodiscard]] size_t heap_bytes_max() const { return sizeof(Ends); }
  [[nodiscard]] size_t heap_bytes() const { return ends_ ? sizeof(Ends) : 0; }
  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);

 private:
  struct Point {
    Stamp stamp;
    double number = 0;
  };
  struct Ends {
    Point first;
    Point last;
  };

  void add_point(const Point& point);

  Boxed<Ends> ends_;
};

}  // namespace headgate::routing
