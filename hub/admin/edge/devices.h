// Messages to devices of IoT Edge, over the admin API. {name} is the device.
#pragma once

#include <string_view>

#include "core/result.h"
#include "hub/admin/call.h"
#include "hub/edge/verbs.h"

namespace headgate::hub {

// Messages that wait for it, as of a queue that is peeked into; ?after=SEQ &count=1–1000 &payload=1.
[[nodiscard]] AdminReply get_device_messages(const AdminCall& call);
// Drops them: {"queue", "purged"}.
[[nodiscard]] AdminReply post_purge_device(const AdminCall& call);

// Sends one; answers once it is durable with {"device", "seq", "waiting"}.
//
//   {"payload": "text"}   or an object, a number…: then its JSON
//   {"payload_base64": "…", "message_id": "…", "correlation_id": "…", "content_type": "…", "content_encoding": "…",
//    "expiry_s": 3600, "user_properties": [["name", "value"]]}
[[nodiscard]] AdminReply post_device_message(const AdminCall& call);

// Errors: invalid.
[[nodiscard]] core::Result<DeviceMessage> parse_device_message(std::string_view json,
                                                               const std::string& device);

}  // namespace headgate::hub
