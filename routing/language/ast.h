// A condition as a tree, flat in one vector: children come before their parents, so that a phase can
// walk it with a loop, and a compiled condition is a few allocations.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "routing/language/body_path.h"
#include "routing/language/language.h"

namespace headgate::routing {

enum class Op : uint8_t {
  undefined_literal,
  null_literal,
  boolean_literal,     // number: 0 or 1
  number_literal,      // number
  string_literal,      // name: index into Expression::names
  property,            // name
  system_property,     // name, without `$`
  property_or_system,  // name, with `$`: an application property of that very name wins
  body,                // path; name: the text with `$`
  body_or_property,    // the same, but an application property of that very name wins
  negate,              // left
  logical_not,         // left
  multiply,            // left, right, as all that follow up to coalesce
  divide,
  modulo,
  add,
  subtract,
  concat,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  logical_and,
  logical_or,
  coalesce,
  call,          // function; left: index of the first argument in Expression::arguments; right: how many
  topic_level,   // number: which, 1 is the first; negative: from the end
  payload,       // the body that is no object: a number, a boolean, or its text
  aggregate,     // left: index into Query::aggregates
  stateful,      // left: index into Query::stateful
  group_key,     // left: index into Query::keys
  window_field,  // left: a WindowField
  conforms,      // left: index into Expression::schemas; path: the value of the body, empty: all of it
  lookup,        // left: the key; name: the table; path: the member of its row, empty: all of it
  twin_change_includes,  // name: the path as written; path: in what is reported, empty: in another part of the twin
};

using NodeIndex = uint32_t;

struct Node {
  Op op = Op::undefined_literal;
  Type type = Type::undefined;  // set by the checker
  uint8_t function = 0;         // index into functions(), set by the checker
  NodeIndex left = 0;
  NodeIndex right = 0;
  uint32_t name = 0;
  uint32_t path = 0;
  double number = 0;
  uint32_t offset = 0;  // the bytes of the text it came from, parentheses included
  uint32_t length = 0;
};

class Schema;

// A schema that a condition names.
struct SchemaUse {
  std::string file;                      // relative to the folder of the route's file
  std::shared_ptr<const Schema> schema;  // null until the route is compiled
  uint32_t offset = 0;                   // of the name in the route's text, in bytes
  uint32_t length = 0;
};

struct Expression {
  std::vector<Node> nodes;  // the last one is the root
  std::vector<NodeIndex> arguments;
  std::vector<std::string> names;
  std::vector<BodyPath> paths;
  std::vector<SchemaUse> schemas;

  [[nodiscard]] bool empty() const { return nodes.empty(); }
  [[nodiscard]] NodeIndex root() const { return static_cast<NodeIndex>(nodes.size() - 1); }
  [[nodiscard]] const Node& operator[](NodeIndex index) const { return nodes[index]; }
};

[[nodiscard]] constexpr bool is_comparison(Op op) { return op >= Op::less && op <= Op::not_equal; }
[[nodiscard]] constexpr bool is_equality(Op op) { return op == Op::equal || op == Op::not_equal; }

}  // namespace headgate::routing
