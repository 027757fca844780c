// Recorded messages: one JSON object a line, as `headgate tail --payload --json` prints them, or as people write them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "core/result.h"

namespace headgate::routing {

// A message and its number, by which sample() chooses; or nothing but a time that is reached.
struct SampleLine {
  core::MessagePtr message;  // null: time alone
  int64_t at_ms = 0;
  uint64_t id = 0;
};

// Keys of a line:
//   topic                             not there: the line has only a time
//   body                              any JSON; its text is the body
//   payload | payload_base64          instead of `body`: text, or bytes
//   at                                "90s" since 1970, an ISO time or Unix ms; or arrived_ms. Not there: as the line before
//   client, device, module            the sender
//   content_type, content_encoding, properties: {name: value} or [[name, value]…], qos, retain, seq
// Other keys are passed over. Blank lines and those that begin with # are skipped. Time that goes back stands still, as
// the hub's does. Errors (invalid) read `file:line: …`.
[[nodiscard]] core::Result<std::vector<SampleLine>> parse_sample(std::string_view text, std::string_view file,
                                                                 size_t first_line = 1);

}  // namespace headgate::routing
