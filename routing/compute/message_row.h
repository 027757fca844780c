// A message as its route's expressions see it, while it is being taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "routing/compute/computation.h"
#include "routing/compute/windows/sums.h"

namespace headgate::routing {

// Evaluators of a computation, reused from message to message.
struct RowEvaluators {
  Evaluator value;
  Evaluator by;  // argmax's second value, while the first is in use
};

class MessageRow {
 public:
  // All must outlive it. `slots` gives the values of stateful functions.
  MessageRow(const ComputePlan& plan, RowEvaluators& evaluators, Fields& fields, Slots* slots,
             int64_t arrived_ms, uint64_t input)
      : plan_(plan),
        evaluators_(evaluators),
        fields_(fields),
        slots_(slots),
        arrived_ms_(arrived_ms),
        input_(input) {}

  [[nodiscard]] int64_t arrived_ms() const { return arrived_ms_; }
  // The message's number among all that the computation took.
  [[nodiscard]] uint64_t input() const { return input_; }

  // Good until the next call of any function.
  [[nodiscard]] Value value(const Expression& expression);
  // Give the value with the text of a number of the body: of each, or of one that a double may not tell from others.
  [[nodiscard]] Value as_written(const Expression& expression);
  [[nodiscard]] Value told_apart(const Expression& expression);
  // Overwrites `key` with the values as a key.
  void key(const std::vector<Expression>& values, std::string& key);
  // Adds the message to all aggregates; gives how many values they could not take, the last of them in `sample`.
  [[nodiscard]] uint64_t add_to(Sums& sums, int64_t time_ms, std::string& sample);

 private:
  [[nodiscard]] Value argument_of(const Aggregate& aggregate);

  const ComputePlan& plan_;
  RowEvaluators& evaluators_;
  Fields& fields_;
  Slots* slots_;
  int64_t arrived_ms_;
  uint64_t input_;
};

}  // namespace headgate::routing
