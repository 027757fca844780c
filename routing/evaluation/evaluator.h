// Computes a checked condition over a message. A walk of the tree; never throws, and allocates only
// where a string function makes a string longer than any before.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "routing/evaluation/fields.h"
#include "routing/language/ast.h"
#include "routing/language/functions.h"
#include "routing/language/language.h"
#include "routing/lookup/tables.h"
#include "routing/schema/schema.h"

namespace headgate::routing {

// How a condition is to be read; fixed when the route is compiled.
struct Reading {
  Semantics semantics = Semantics::strict;
  BodyMode body = BodyMode::auto_detect;
};

// Beginning of a type error that Evaluator::limit() ends.
inline constexpr std::string_view kUnchecked = "conforms() has no verdict: the value ";

// Values that parts of a computing route stand for, computed elsewhere: Op::aggregate, stateful, group_key and
// window_field. A call may use no Evaluator that is at work.
class Slots {
 public:
  virtual ~Slots() = default;
  [[nodiscard]] virtual Value value(Op op, uint32_t index) noexcept = 0;
};

// Reusable, owned by the caller, one thread at a time.
class Evaluator {
 public:
  // `condition` must have been checked without errors under the same semantics. An empty one is yes.
  // Without `slots` the parts that they stand for are undefined.
  [[nodiscard]] Truth decide(const Expression& condition, Reading reading, Fields& fields,
                             Slots* slots = nullptr) noexcept;

  // The value of a checked expression; undefined for an empty one. Views into this evaluator are good until its
  // next call.
  [[nodiscard]] Value evaluate(const Expression& expression, Reading reading, Fields& fields,
                               Slots* slots = nullptr) noexcept;

  // Evaluates likewise; a number of the body that nothing was computed from has its text.
  [[nodiscard]] Value take_over(const Expression& expression, Reading reading, Fields& fields,
                                Slots* slots = nullptr) noexcept;
  // Reads lookup() in these tables from now on; null: each row is undefined. They must outlive their use, and stay as
  // they are while a value that views them is in use.
  void use_tables(const LookupTables* tables) { tables_ = tables; }

  // How often conforms() gave no verdict, since a limit was met, and which it was the last time, as the end of a sentence
  // that begins with the value.
  [[nodiscard]] uint64_t limits_met() const { return limits_met_; }
  [[nodiscard]] std::string_view limit() const { return limit_; }

  // The innermost part that left the last decide() undefined; good until the next one.
  [[nodiscard]] std::optional<NodeIndex> blamed() const { return blamed_; }

 private:
  struct Run;

  void begin();

  Scratch scratch_;
  SchemaChecker checker_;
  uint64_t limits_met_ = 0;
  std::string_view limit_;
  std::optional<NodeIndex> blamed_;
  const LookupTables* tables_ = nullptr;
  std::vector<Value> arguments_;  // of the calls being computed, innermost last
};

}  // namespace headgate::routing
