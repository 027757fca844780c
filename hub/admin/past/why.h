// The life of one message, from what is recorded and what the store has.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

// {"asked", "known": "recorded" | "stored" | "no", "why_not" (known is "no"), "basis" (hub/admin/past/basis.h), "id" (upstream),
// "message" (recorded_json(); of a stored one as in peek), "made_of" (a number, 0: none), "heard" (somebody subscribed),
// "remembered" (by routes with state), "returned" (a batch of this hub, which is not routed), "refused" (why it was not taken),
// "routes_changed" (others were in force when it came), "routes": [{"route", "text", "what": "takes" | "other_source" |
// "condition" | "undefined" | "not_known", "endpoints", "why", "parts": [{"depth", "text"}…]}…], by the routes in force now,
// "queues": [{"queue" (null: it is gone), "lane", "priority", "state": "waiting" | "being_written" | "delivered" | "expired" |
// "dropped" | "folded" | "dead" | "ended" (how is not known any more), "expires_ms", "attempts", "letter" (seq of its dead letter; 0: none is
// known), "gap" (it may be among these losses: {"from", "to", "count", "why", "into_from", "into_to"}; null), "blocked" (of one that waits: why its queue does
// not go on, as in GET /v1/queues), "steps": [{"what", "at_ms", "batch",
// "code"}…]}…]}
//
// `parts` have values of the message: whoever may not receive it gets none of them, nor its payload.
[[nodiscard]] AdminReply get_why(const AdminCall& call);

}  // namespace headgate::hub
