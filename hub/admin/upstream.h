// The answers to GET /v1/upstream and GET /v1/upstream/forecast.
//   upstream: {"links": [{"name", "state", "since_ms", "host", "port", "why" (not everything may go now), "retry_in_ms",
//             "last_error", "last_error_ms", "hopeless" (until somebody mends the link), "in_flight", "connects", "attempts",
//             "batches", "payload_bytes", "json_bytes" (taken by the broker since the start), "cost", "wire_bytes" (the
//             same), "day_bytes", "day_bytes_max", "month_bytes", "month_bytes_max" (0 = no limit)}…],
//             "queues": [{"name", "link", "links", "waiting", "waiting_bytes", "in_flight", "messages", "batches",
//             "payload_bytes", "json_bytes", "unacknowledged" (by the consumer; null: the broker's answer is enough): {"batches",
//             "since_ms" (0 = none), "credit", "number" (of the last batch that it has; 0 = not known), "heard_ms" (0 = never),
//             "ignored"}}…], "now_ms"}
//   forecast: {"links": [{"name", "state", "messages", "bytes", "wire_bytes", "bytes_per_s" (0 = not known), "gone_ms" (null = not
//             within a year)}…], "first_to_expire": {"queue", "priority", "expires_ms", "gone_ms"} or null, "now_ms"}
#pragma once

#include <string>

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_upstream(const AdminCall& call);
[[nodiscard]] AdminReply get_upstream_forecast(const AdminCall& call);

// The answers as JSON.
[[nodiscard]] std::string upstream_text(HubView& hub);
[[nodiscard]] std::string forecast_text(HubView& hub);

}  // namespace headgate::hub
