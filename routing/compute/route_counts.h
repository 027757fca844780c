// Counts of a route, whoever keeps them: a table, a computation, a shadow, a trial, or the hub over all of its routes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headgate::routing {

struct RouteCounts {
  uint64_t evaluated = 0;   // messages that its source takes
  uint64_t matched = 0;     // for which its condition holds
  uint64_t results = 0;     // messages that it has passed on, or made
  uint64_t undefined = 0;   // the condition had no value
  uint64_t unreadable = 0;  // the same, because the body is no JSON that $body can read
  // Values that an aggregate, a projection or a template could not take, and conforms() without a verdict:
  uint64_t type_errors = 0;
  uint64_t unchecked = 0;  // the latter alone: the body met a limit of checks
  // Counts of routes with windows alone:
  uint64_t late = 0;          // messages that came after their window's result, whatever became of them
  uint64_t late_dropped = 0;  // those that count nowhere
  uint64_t early = 0;         // timestamps too far ahead
  uint64_t evicted = 0;       // groups closed before their time, for lack of room

  RouteCounts& operator+=(const RouteCounts& other) {
    for (uint64_t RouteCounts::*const member :
         {&RouteCounts::evaluated, &RouteCounts::matched, &RouteCounts::results, &RouteCounts::undefined,
          &RouteCounts::unreadable, &RouteCounts::type_errors, &RouteCounts::unchecked, &RouteCounts::late,
          &RouteCounts::late_dropped, &RouteCounts::early, &RouteCounts::evicted})
      this->*member += other.*member;
    return *this;
  }
  friend bool operator==(const RouteCounts&, const RouteCounts&) = default;
};

// Makes one of what was counted of a route with state when its messages came, and by its computation, which looks at the
// same messages again: nothing counts twice.
[[nodiscard]] inline RouteCounts at_arrival_and_later(const RouteCounts& at_arrival, RouteCounts computed) {
  computed.evaluated = std::max(at_arrival.evaluated, computed.evaluated);
  computed.undefined = std::max(at_arrival.undefined, computed.undefined);
  computed.type_errors = std::max(at_arrival.type_errors, computed.type_errors);
  computed.unchecked = std::max(at_arrival.unchecked, computed.unchecked);
  computed.unreadable = at_arrival.unreadable;
  return computed;
}

}  // namespace headgate::routing
