// The answer to GET /v1/topics/{topic}: topics that messages came on since the hub's start, as many as its memory for them
// holds.
//   {"topics": [TOPIC…], "complete", "left_out" (beyond 10,000), "forgotten" (of all topics, for lack of room)}
//   TOPIC: {"topic", "qos", "retain", "last_ms", "payload_bytes", "count", "rate_per_s" (over about the last minute), and on
//          demand "payload" (UTF-8) or "payload_base64", which is "cut" at 512 bytes}
//          or, of all that lie deeper than `depth`: {"topic": "plant/7/#", "topics", "count", "rate_per_s", "last_ms"}
//   with tree=1: {"tree": [NODE…], …}, NODE: {"name", "topics", "count", "rate_per_s", "last_ms" (of it and all below it),
//          "last": TOPIC or null, "children": [NODE…]}
#pragma once

#include <string>

#include "hub/admin/call.h"
#include "hub/observe/topics/topic_list.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_topics(const AdminCall& call);

// Pure.
[[nodiscard]] std::string topics_json(const KnownTopics& known, bool with_payload, bool as_tree);

}  // namespace headgate::hub
