// Computes a checked condition over a message. A walk of the tree; never throws, and allocates only
// where a string function makes a string longer than any before.
#pragma once

#include <optional>
#include <vector>

#include "routing/evaluation/fields.h"
#include "routing/language/ast.h"
#include "routing/language/functions.h"
#include "routing/language/language.h"

namespace headgate::routing {

// How a condition is to be read; fixed when the route is compiled.
struct Reading {
  Semantics semantics = Semantics::strict;
  BodyMode body = BodyMode::auto_detect;
};

// Reusable, owned by the caller, one thread at a time.
class Evaluator {
 public:
  // `condition` must have been checked without errors under the same semantics. An empty one is yes.
  [[nodiscard]] Truth decide(const Expression& condition, Reading reading, Fields& fields) noexcept;

  // The innermost part that left the last decide() undefined; good until the next one.
  [[nodiscard]] std::optional<NodeIndex> blamed() const { return blamed_; }

 private:
  struct Run;
  Scratch scratch_;
  std::optional<NodeIndex> blamed_;
  std::vector<Value> arguments_;  // of the calls being computed, innermost last
};

}  // namespace headgate::routing
