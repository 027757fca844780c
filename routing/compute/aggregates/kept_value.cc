#include "routing/compute/aggregates/kept_value.h"

#include "routing/compute/aggregates/sample.h"
#include "routing/compute/json_row.h"
#include "routing/evaluation/json_number.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

// Bytes of the format.
enum class Tag : uint8_t { empty, number, no, yes, text, written_number };

}  // namespace

std::string_view KeptValue::own_text(const Value& value) {
  if (!value.is(Value::Kind::number)) return value.is(Value::Kind::string) ? value.text : std::string_view();
  if (value.text.empty() || value.text.size() > kTextBytesMax) return {};
  std::string digits;
  append_json_number(digits, value.number + 0.0);
  return digits == value.text ? std::string_view() : value.text;
}

bool KeptValue::can_keep(const Value& value) {
  switch (value.kind) {
    case Value::Kind::number:
      return is_finite_number(value);
    case Value::Kind::boolean:
      return true;
    case Value::Kind::string:
      return value.text.size() <= kTextBytesMax;
    default:
      return false;
  }
}

void KeptValue::keep(const Value& value) {
  kind_ = value.kind;
  number_ = kind_ == Value::Kind::boolean ? (value.truth ? 1 : 0) : value.number + 0.0;  // -0 becomes 0
  const std::string_view kept = own_text(value);
  if (kind_ != Value::Kind::string && kept.empty()) return text_.clear();
  std::string& text = text_.made();
  // A new string is as long as it has to be; one that grows takes twice as much.
  if (kept.size() > text.capacity())
    text = std::string(kept);
  else
    text.assign(kept);
}

Value KeptValue::value() const {
  switch (kind_) {
    case Value::Kind::number: {
      Value number = Value::of(number_);
      number.text = text();
      return number;
    }
    case Value::Kind::boolean:
      return Value::of(number_ != 0);
    case Value::Kind::string:
      return Value::of(text());
    default:
      return Value::null();
  }
}

void KeptValue::save(std::string& out) const {
  switch (kind_) {
    case Value::Kind::number:
      if (text_) {
        pack_byte(out, static_cast<uint8_t>(Tag::written_number));
        return pack_text(out, text());
      }
      pack_byte(out, static_cast<uint8_t>(Tag::number));
      return pack_double(out, number_);
    case Value::Kind::boolean:
      return pack_byte(out, static_cast<uint8_t>(number_ != 0 ? Tag::yes : Tag::no));
    case Value::Kind::string:
      pack_byte(out, static_cast<uint8_t>(Tag::text));
      return pack_text(out, text());
    default:
      return pack_byte(out, static_cast<uint8_t>(Tag::empty));
  }
}

bool KeptValue::load(PackedReader& in) {
  *this = {};
  Value value;
  const auto tag = static_cast<Tag>(in.byte());
  switch (tag) {
    case Tag::empty:
      return in.ok();
    case Tag::number:
      value = Value::of(in.number());
      break;
    case Tag::no:
    case Tag::yes:
      value = Value::of(tag == Tag::yes);
      break;
    case Tag::text:
      value = Value::of(in.text());
      break;
    case Tag::written_number: {
      const std::string_view text = in.text();
      if (text.size() > kTextBytesMax || !is_json_number(text)) return false;
      value = Value::of(read_json_number(text));
      value.text = text;
      break;
    }
  }
  if (!in.ok() || !can_keep(value)) return false;
  keep(value);
  return tag != Tag::written_number || text_;
}

int order_of(const Value& a, const Value& b) {
  if (a.kind == Value::Kind::string) return compare_ordinal(a.text, b.text);
  const double left = a.kind == Value::Kind::boolean ? a.truth : a.number;
  const double right = b.kind == Value::Kind::boolean ? b.truth : b.number;
  return left < right ? -1 : left > right ? 1 : 0;
}

}  // namespace headgate::routing
