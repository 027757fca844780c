// Where a route's messages go.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::routing {

struct Sink {
  enum class Kind : uint8_t { upstream, module_input, topic, null };
  Kind kind = Kind::upstream;
  std::string module;  // module_input
  std::string input;   // module_input
  std::string topic;   // topic; for a module input the topic it is delivered on

  friend bool operator==(const Sink&, const Sink&) = default;
};

// The stable name of the sink's queue: `$upstream`, `modules/m/inputs/i`, `topic:a/b`, `$null`.
[[nodiscard]] std::string endpoint_name(const Sink& sink);

}  // namespace headgate::routing
