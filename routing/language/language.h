// Vocabulary of all phases of the route language: its two readings, its static types, its limits.
// The language itself is described in docs/route-language.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headgate::routing {

// How a route text is read. `edgehub` is Azure IoT Edge's edgeHub, bug for bug; `strict` keeps every
// meaning of edgeHub's that makes sense and turns the rest into errors or into Undefined.
enum class Semantics : uint8_t { strict, edgehub };

// Rule for the bodies that `$body` can see: `declared` only those whose content type and encoding say JSON,
// `auto_detect` also those that say nothing and parse.
enum class BodyMode : uint8_t { auto_detect, declared };

// Static types. `dynamic` is what `$body…` yields: its type is known only with the message.
enum class Type : uint8_t { undefined, null, boolean, number, string, dynamic };

// Three-valued logic. A route matches only on `yes`.
enum class Truth : uint8_t { no, yes, undefined };

// Limits on one route. A longer text is refused unread; the others bound the stacks of the parser, the
// evaluator and the source index. edgeHub's own bound is the 32 KiB of a twin.
inline constexpr size_t kRouteBytesMax = size_t{32} * 1024;
inline constexpr size_t kNestingDepthMax = 64;
inline constexpr size_t kNodesMax = 4096;
inline constexpr int64_t kTopicLevelsMax = 128;  // of a topic filter in FROM

// Limits on what one route computes.
inline constexpr size_t kItemsMax = 256;  // of a SELECT list
inline constexpr size_t kAggregatesMax = 64;
inline constexpr size_t kStatefulMax = 16;
inline constexpr size_t kKeysMax = 16;  // of GROUP BY and of each OVER
inline constexpr size_t kSinksMax = 16;
inline constexpr size_t kLookupsMax = 64;

[[nodiscard]] constexpr std::string_view to_string(Type type) {
  switch (type) {
    case Type::undefined:
      return "undefined";
    case Type::null:
      return "null";
    case Type::boolean:
      return "a boolean";
    case Type::number:
      return "a number";
    case Type::string:
      return "a string";
    case Type::dynamic:
      return "a body value";
  }
  return "";
}

}  // namespace headgate::routing
