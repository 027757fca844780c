#include "routing/compute/aggregates/extreme.h"

#include <utility>

namespace headgate::routing {

namespace {

// Equal numbers may be written in two ways: the shortest form wins, whichever came first.
bool is_written_shorter(const Value& value, const Value& than) {
  if (!value.is(Value::Kind::number) || than.text.empty()) return false;
  const std::string_view text = KeptValue::own_text(value);
  return std::pair(text.size(), text) < std::pair(than.text.size(), than.text);
}

}  // namespace

Taken Extreme::add(AggregateKind kind, const Sample& sample) {
  const Value& value = sample.argument;
  if (value.is(Value::Kind::boolean) || !KeptValue::can_keep(value)) return Taken::type_error;
  const bool number = value.is(Value::Kind::number);
  if (!best_.empty() && best_.kind() != value.kind) {
    if (number) best_.keep(value);
    return Taken::type_error;
  }
  const int order = best_.empty() ? 0 : order_of(value, best_.value());
  const bool beats = kind == AggregateKind::max ? order > 0 : order < 0;
  if (best_.empty() || beats || (order == 0 && is_written_shorter(value, best_.value()))) best_.keep(value);
  return Taken::yes;
}

void Extreme::merge(AggregateKind kind, const Extreme& other) {
  if (other.best_.empty()) return;
  const Value value = other.best_.value();
  (void)add(kind, {value, value, {}});
}

bool Extreme::load(PackedReader& in) { return best_.load(in) && best_.kind() != Value::Kind::boolean; }

Taken Argmax::add(AggregateKind, const Sample& sample) {
  if (!is_finite_number(sample.by) || !KeptValue::can_keep(sample.argument)) return Taken::type_error;
  if (top_ && !top_->beaten_by(sample.by.number, sample.stamp)) return Taken::yes;
  Top& top = top_.made();
  top.by = sample.by.number;
  top.stamp = sample.stamp;
  top.argument.keep(sample.argument);
  return Taken::yes;
}

void Argmax::merge(AggregateKind, const Argmax& other) {
  if (!other.top_ || (top_ && !top_->beaten_by(other.top_->by, other.top_->stamp))) return;
  top_ = other.top_;
}

Value Argmax::value(AggregateKind, Scratch&) const { return top_ ? top_->argument.value() : Value::null(); }

void Argmax::save(std::string& out) const {
  pack_byte(out, top_ ? 1 : 0);
  if (!top_) return;
  pack_double(out, top_->by);
  pack_stamp(out, top_->stamp);
  top_->argument.save(out);
}

bool Argmax::load(PackedReader& in) {
  const uint8_t held = in.byte();
  if (held == 0) return in.ok();
  Top& top = top_.made();
  top.by = in.number();
  top.stamp = read_stamp(in);
  return held == 1 && top.argument.load(in) && !top.argument.empty() && std::isfinite(top.by);
}

}  // namespace headgate::routing
