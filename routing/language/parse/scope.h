// Where in a route an expression stands.
#pragma once

#include <cstdint>

#include "routing/language/query.h"

namespace headgate::routing {

// Clauses and brackets that an expression can stand in: what it may hold depends on them.
enum class Clause : uint8_t { select, timestamp, where, group_by, having, over, topic, aggregate, stateful };

// Surroundings of an expression. Without a query it is one of edgeHub's language: a call is a function's.
struct Scope {
  Query* query = nullptr;  // gets the aggregates and stateful functions
  Clause clause = Clause::where;
};

}  // namespace headgate::routing
