#include "routing/compute/aggregates/collected.h"

#include <algorithm>
#include <bit>

#include "routing/compute/json_row.h"

namespace headgate::routing {

void EarliestValues::add(Stamp stamp, const Value& value, size_t most) {
  if (is_out(stamp)) return;
  const auto at = std::ranges::upper_bound(entries_, stamp, {}, &Entry::stamp);
  entries_.insert(at, Entry{stamp, {}})->value.keep(value);
  text_bytes_ += value.text.size();
  while (entries_.size() > most || text_bytes_ > kTextBytesMax) cut_from(entries_.back().stamp);
}

// Takes all of this stamp out: which of them came first would be left to the order of arrival.
void EarliestValues::cut_from(Stamp stamp) {
  out_from_ = stamp;
  while (!entries_.empty() && is_out(entries_.back().stamp)) drop_last();
}

void EarliestValues::drop_last() {
  text_bytes_ -= entries_.back().value.value().text.size();
  entries_.pop_back();
}

void EarliestValues::merge(const EarliestValues& other, size_t most) {
  if (other.out_from_ && !is_out(*other.out_from_)) cut_from(*other.out_from_);
  for (const Entry& entry : other.entries_) add(entry.stamp, entry.value.value(), most);
}

void EarliestValues::append_json(std::string& out) const {
  out += '[';
  for (const Entry& entry : entries_) {
    if (&entry != &entries_.front()) out += ',';
    append_json_value(out, entry.value.value());
  }
  out += ']';
}

size_t EarliestValues::heap_bytes() const {
  size_t bytes = entries_.size() * sizeof(Entry);
  for (const Entry& entry : entries_) bytes += entry.value.heap_bytes();
  return bytes;
}

size_t EarliestValues::heap_bytes_max(size_t most) {
  return std::bit_ceil(most + 1) * sizeof(Entry) + most * sizeof(std::string) +
         std::min(kTextBytesMax, most * KeptValue::kTextBytesMax);
}

void EarliestValues::save(std::string& out) const {
  pack_varint(out, entries_.size());
  for (const Entry& entry : entries_) {
    pack_stamp(out, entry.stamp);
    entry.value.save(out);
  }
  pack_byte(out, out_from_ ? 1 : 0);
  if (out_from_) pack_stamp(out, *out_from_);
}

bool EarliestValues::load(PackedReader& in, size_t most) {
  const uint64_t count = in.varint();
  if (count > most || count > in.rest().size()) return false;
  for (uint64_t i = 0; i < count; ++i) {
    const Stamp stamp = read_stamp(in);
    KeptValue value;
    if (!value.load(in) || value.empty() || (i > 0 && stamp < entries_.back().stamp)) return false;
    add(stamp, value.value(), most);
  }
  const uint8_t cut = in.byte();
  if (cut > 1 || entries_.size() != count) return false;
  if (cut == 1) out_from_ = read_stamp(in);
  return in.ok() && (entries_.empty() ? out_from_.has_value() : !is_out(entries_.back().stamp));
}

Value Collected::value(AggregateKind, Scratch& scratch) const {
  if (!values_) return Value::null();
  std::string& out = scratch.next();
  out.clear();
  values_->append_json(out);
  Value json = Value::of(std::string_view(out));
  json.kind = Value::Kind::json;
  return json;
}

}  // namespace headgate::routing
