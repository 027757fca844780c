// A group of a computing route as people see it: the first of its windows that is open.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headgate::routing {

// Parts are absent where they are not known without more work than a look is worth, or do not exist.
struct OpenWindow {
  // JSON object: the parts of GROUP BY, or of a function's OVER, as the route writes them, with the values of the group. Without
  // OVER a function has a memory for each "source" of messages.
  std::string group = "{}";
  std::string function = {};  // that remembers, as the route writes it; empty: this is a group of windows
  std::optional<int64_t> start_ms = {};  // as its result will have it; so the next
  std::optional<int64_t> end_ms =
      {};  // of a session or a window by count as it is now: the next message may move it
  std::optional<uint64_t> messages = {};  // of a window by count
  std::optional<int64_t> closes_ms =
      {};  // hub time, of a window by the arrivals, if no message moves its end
};

using OpenWindows = std::vector<OpenWindow>;

}  // namespace headgate::routing
