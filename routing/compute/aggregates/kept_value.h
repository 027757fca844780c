// A number, with its text if it is known and not the shortest; a boolean or a string; each outlives its message.
#pragma once

#include <string>
#include <string_view>

#include "routing/compute/aggregates/boxed.h"
#include "routing/compute/aggregates/packed.h"
#include "routing/evaluation/value.h"

namespace headgate::routing {

class KeptValue {
 public:
  static constexpr size_t kTextBytesMax = 1024;
  static constexpr size_t kHeapBytesMax = sizeof(std::string) + kTextBytesMax;

  // Says whether it can be kept: a finite number, a boolean, or a string of at most kTextBytesMax.
  [[nodiscard]] static bool can_keep(const Value& value);

  // The text beside the value: a string's, or that of a number if it is known and not the shortest. A longer one than
  // kTextBytesMax is given up.
  [[nodiscard]] static std::string_view own_text(const Value& value);

  // `value` can be kept.
  void keep(const Value& value);
  [[nodiscard]] bool empty() const { return kind_ == Value::Kind::undefined; }
  [[nodiscard]] Value::Kind kind() const { return kind_; }
  // Views this; null if empty.
  [[nodiscard]] Value value() const;

  // Memory beside this object, in bytes of content.
  [[nodiscard]] size_t heap_bytes() const { return text_ ? sizeof(std::string) + text_->size() : 0; }

  void save(std::string& out) const;
  [[nodiscard]] bool load(PackedReader& in);

 private:
  [[nodiscard]] std::string_view text() const {
    return text_ ? std::string_view(*text_) : std::string_view();
  }

  Value::Kind kind_ = Value::Kind::undefined;
  double number_ = 0;  // a boolean is 0 or 1
  Boxed<std::string> text_;
};

// Orders two values of the same kind: negative, 0 or positive. Strings as the language's `<` does.
[[nodiscard]] int order_of(const Value& a, const Value& b);

}  // namespace headgate::routing
