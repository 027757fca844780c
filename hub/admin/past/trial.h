// Routes that are tried over messages: which each takes, what comes of those, which it leaves, and why.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "hub/admin/call.h"

namespace headgate::hub {

inline constexpr size_t kTrialMessagesMax = 100;  // that a request may give, and that are told of a route

// The body is a route file, which may have "messages": [{"topic", "payload" | "payload_base64" | "body", "client", "device", "module",
// "content_type", "content_encoding", "properties": {name: text} or [[name, text]…], "at": Unix ms}…], at most 100, in the order of time.
// With them the routes are run over those, else over what is recorded. It answers tried_json().
[[nodiscard]] AdminReply post_test_routes(const AdminCall& call);

// Borrows all that it names.
struct TrialInput {
  const routing::RouteFile& routes;  // with what they name
  uint32_t default_ttl_s = 0;
  std::span<const TrialMessage> messages;  // oldest first
  Coverage basis;
  uint64_t left_out = 0;  // messages that were not to be run: of their body only the beginning is kept
  size_t count = 5;
  bool payload = false;
};

// {"basis" (hub/admin/past/basis.h), "messages" (that were run), "from_ms" (of the first; 0: there was none), "left_out", "done" (false:
// time was up before the last), "cut" (some of what follows is left away: the answer had grown too long), "routes": [{"route", "error" (with
// place and caret; empty: it compiles), "matched", "not_matched", "undefined", "other_source" (messages that its source does not take),
// "type_error" (the last; empty: there was none), "taken": [{"number", "id" (that /v1/why takes; of a given one empty), "at_ms", "topic",
// "payload", "made" (true: a route made it of that message), "rows": [{"to", "topic", "payload", "start_ms", "end_ms"}…]}…],
// "left": [{"number", "id", "at_ms", "topic", "payload", "made", "truth": "no" | "undefined", "trace": [{"depth", "text"}…]}…]}…]}.
//
// `taken` and `left` are the newest, oldest first. Rows of a window have its start and end, and stand at the message that the route took
// last before the window ended. Bytes that are no text are `payload_base64`; a long payload is cut, and `payload_bytes` is its length.
// Pure; on any thread, and slow where messages are many. `is_over` is asked before each: true ends the run.
[[nodiscard]] std::string tried_json(const TrialInput& input, const std::function<bool()>& is_over);

}  // namespace headgate::hub
