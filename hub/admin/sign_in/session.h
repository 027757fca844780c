// Sign-in of a browser: whoever sends a token gets a cookie, which the server of HTTP makes (hub/http/sessions.h).
//
//   GET  /v1/session      {"user", "role", "until_ms", "why"}: who asks, and until when; null: a token or the socket, which do not end.
//                         Role "none": nobody, and `why` (no error: a page asks before anybody has signed in)
//   POST /v1/session      the same of the session that begins
//   POST /v1/session/end  {}
#pragma once

#include <cstdint>

#include "hub/admin/call.h"

namespace headgate::hub {

inline constexpr int64_t kSessionMs = 12 * 3'600'000;

[[nodiscard]] AdminReply get_session(const AdminCall& call);
[[nodiscard]] AdminReply post_session(const AdminCall& call);
[[nodiscard]] AdminReply post_end_session(const AdminCall& call);

}  // namespace headgate::hub
