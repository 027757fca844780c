// Where a route's messages go.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "routing/language/ast.h"

namespace headgate::routing {

// A topic with parts that each message fills in: 'alerts/{$body.asset}/high'. A value is one topic level.
struct TopicTemplate {
  // The text before the value; `value` is empty in the last piece.
  struct Piece {
    std::string text;
    Expression value;
    std::string written = {};  // the value as the route has it: `$body.asset`
  };
  std::vector<Piece> pieces;  // empty: the topic is fixed

  [[nodiscard]] bool empty() const { return pieces.empty(); }
};

struct Sink {
  enum class Kind : uint8_t { upstream, module_input, topic, null, dead_letter };
  Kind kind = Kind::upstream;
  std::string module;  // module_input
  std::string input;   // module_input
  // topic; for a module input the topic it is delivered on; for Upstream('…') the topic that the far side sees,
  // empty for $upstream. With a template its text as written.
  std::string topic;
  TopicTemplate filled_in;  // topic, upstream
  // Place in the route's text, in bytes.
  size_t offset = 0;
  size_t length = 0;
};

// The stable name of the sink's queue: `$upstream`, `modules/m/inputs/i`, `topic:a/b`, `$null`, `$deadletter`. A topic is
// there as Topic('…') writes it, so that `topic:a/{x}` is a template and `topic:a/{{x}}` is not.
[[nodiscard]] std::string endpoint_name(const Sink& sink);

}  // namespace headgate::routing
