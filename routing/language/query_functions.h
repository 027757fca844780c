// Aggregates, and functions that remember: their names, arguments and results, as two tables. Names ignore case.
#pragma once

#include <cstdint>
#include <string_view>

#include "routing/language/language.h"
#include "routing/language/query.h"

namespace headgate::routing {

// `argument` and `result` are dynamic where any value will do, or where the message decides.
struct AggregateFunction {
  std::string_view name;
  AggregateKind kind;
  Type argument;
  Type result;
  std::string_view signature;  // for messages: "percentile(number, 0 to 1)"
};

struct StatefulFunction {
  std::string_view name;
  StatefulKind kind;
  Type argument;  // undefined: it has none
  Type result;
  std::string_view signature;
};

// Null for another name. Stream Analytics' spellings are among them.
[[nodiscard]] const AggregateFunction* find_aggregate(std::string_view name);
[[nodiscard]] const StatefulFunction* find_stateful(std::string_view name);

// By kind, the name in which it is printed.
[[nodiscard]] const AggregateFunction& function_of(AggregateKind kind);
[[nodiscard]] const StatefulFunction& function_of(StatefulKind kind);

// Functions of a message that edgeHub has not.
inline constexpr std::string_view kTopicLevel = "topic_level";
inline constexpr std::string_view kPayload = "payload";
inline constexpr std::string_view kConforms = "conforms";
// Whether a change of a twin has a part; edgeHub knows the name.
inline constexpr std::string_view kTwinChangeIncludes = "twin_change_includes";
// A row of a table.
inline constexpr std::string_view kLookup = "lookup";

// Anything that can be called in a computing route, and edgeHub cannot.
[[nodiscard]] bool is_extension(std::string_view name);

// The function, aggregate or not, that somebody may have meant; empty if none is near.
[[nodiscard]] std::string_view nearest_call(std::string_view name);

}  // namespace headgate::routing
