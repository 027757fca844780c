#include "routing/compute/aggregates/edge.h"

namespace headgate::routing {

bool Edge::moves_to(AggregateKind kind, Stamp stamp) const {
  if (!held_) return true;
  return kind == AggregateKind::first ? stamp < held_->stamp : stamp >= held_->stamp;
}

Taken Edge::add(AggregateKind kind, const Sample& sample) {
  if (!KeptValue::can_keep(sample.argument)) return Taken::type_error;
  if (!moves_to(kind, sample.stamp)) return Taken::yes;
  Held& held = held_.made();
  held.stamp = sample.stamp;
  held.value.keep(sample.argument);
  return Taken::yes;
}

void Edge::merge(AggregateKind kind, const Edge& other) {
  if (other.held_ && moves_to(kind, other.held_->stamp)) held_ = other.held_;
}

void Edge::save(std::string& out) const {
  pack_byte(out, held_ ? 1 : 0);
  if (!held_) return;
  pack_stamp(out, held_->stamp);
  held_->value.save(out);
}

bool Edge::load(PackedReader& in) {
  const uint8_t held = in.byte();
  if (held == 0) return in.ok();
  Held& made = held_.made();
  made.stamp = read_stamp(in);
  return held == 1 && made.value.load(in) && !made.value.empty();
}

void Change::add_point(const Point& point) {
  const bool fresh = !ends_;
  Ends& ends = ends_.made();
  if (fresh || point.stamp < ends.first.stamp) ends.first = point;
  if (fresh || point.stamp >= ends.last.stamp) ends.last = point;
}

Taken Change::add(AggregateKind, const Sample& sample) {
  if (!is_finite_number(sample.argument)) return Taken::type_error;
  add_point({sample.stamp, sample.argument.number});
  return Taken::yes;
}

void Change::merge(AggregateKind, const Change& other) {
  if (!other.ends_) return;
  add_point(other.ends_->first);
  add_point(other.ends_->last);
}

Value Change::value(AggregateKind kind, Scratch&) const {
  if (!ends_) return Value::null();
  const double change = ends_->last.number - ends_->first.number;
  if (kind == AggregateKind::delta) return finite_or_null(change);
  const double seconds =
      (static_cast<double>(ends_->last.stamp.time_ms) - static_cast<double>(ends_->first.stamp.time_ms)) /
      1000;
  return seconds > 0 ? finite_or_null(change / seconds) : Value::null();
}

void Change::save(std::string& out) const {
  pack_byte(out, ends_ ? 1 : 0);
  if (!ends_) return;
  for (const Point& point : {ends_->first, ends_->last}) {
    pack_stamp(out, point.stamp);
    pack_double(out, point.number);
  }
}

bool Change::load(PackedReader& in) {
  const uint8_t held = in.byte();
  if (held == 0) return in.ok();
  Ends& ends = ends_.made();
  for (Point* point : {&ends.first, &ends.last}) {
    point->stamp = read_stamp(in);
    point->number = in.number();
  }
  return in.ok() && held == 1 && ends.first.stamp <= ends.last.stamp && std::isfinite(ends.first.number) &&
         std::isfinite(ends.last.number);
}

}  // namespace headgate::routing
