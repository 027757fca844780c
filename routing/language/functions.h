// The functions of the route language, as one table. Names ignore case.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "routing/evaluation/value.h"

namespace headgate::routing {

// Strings that functions make live here until clear(). Warm, it allocates nothing for strings that fit
// into what earlier messages left behind.
class Scratch {
 public:
  [[nodiscard]] std::string& next() {
    if (used_ == strings_.size()) strings_.push_back(std::make_unique<std::string>());
    return *strings_[used_++];
  }
  void clear() { used_ = 0; }

 private:
  std::vector<std::unique_ptr<std::string>> strings_;  // views into them stay good while it grows
  size_t used_ = 0;
};

struct CallContext {
  Scratch& scratch;
  Type first_type;  // the static type of the first argument
  Semantics semantics;
};

struct Function {
  enum class Accepts : uint8_t { number, string, string_or_number, any };

  std::string_view name;
  size_t arguments_min;
  size_t arguments_max;
  std::string_view signature;  // for messages: "substring(string, number[, number])"
  Accepts first;               // the first argument
  Accepts others;              // all the others
  Type result;
  // Argument types were checked where they are known statically; a body value of another type makes
  // the result undefined.
  Value (*run)(std::span<const Value> arguments, CallContext& context) noexcept;
};

[[nodiscard]] std::span<const Function> functions();

// The function `concat`, which is also the operator `||`.
[[nodiscard]] Value concatenate(std::span<const Value> arguments, CallContext& context) noexcept;

// Index into functions().
[[nodiscard]] std::optional<uint8_t> find_function(std::string_view name);

// The function somebody may have meant; empty if none is near.
[[nodiscard]] std::string_view nearest_function(std::string_view name);

}  // namespace headgate::routing
