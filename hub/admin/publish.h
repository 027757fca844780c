// Publishing over HTTP.
#pragma once

#include <string>

#include "core/result.h"
#include "hub/admin/call.h"

namespace headgate::hub {

// Takes one message: the body as it is, its properties in fields of the request.
//
//   POST /v1/publish/plant/7/temperature    Content-Type: application/json
//   Headgate-Retain: 1                      Headgate-Expiry-S: 3600
//   Headgate-Content-Type: text/plain       Headgate-Response-Topic: answers/7
//   Headgate-Correlation-Data: BASE64       Headgate-User-Property: name=value, as often as needed
//   Idempotency-Key: TEXT
//
// Many: Content-Type application/x-ndjson, an object a line, each answered with a line in the same order. A line without
// `topic` goes to that of the path.
//
//   {"topic": "plant/7", "payload": "text"}   or an object, a number…: then its JSON
//   {"payload_base64": "…", "retain": true, "expiry_s": 3600, "content_type": "…", "response_topic": "…",
//    "correlation_base64": "…", "user_properties": [["name", "value"]], "idempotency_key": "…"}
//
// An answer is {"seq", "repeated"} once the message is durable, or {"error", "status"}: 400, 403 (no right), 413 (too large),
// 429 (no room now), 503 (the store has failed: send it again).
[[nodiscard]] AdminReply post_publish(const AdminCall& call);

// A line of NDJSON as a message; `topic`: that of the path. Errors: invalid.
[[nodiscard]] core::Result<PublishRequest> parse_publish_line(std::string_view line,
                                                              const std::string& topic);

}  // namespace headgate::hub
