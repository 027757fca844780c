// A line of an export (store/report/inspect.h, export_json()) as a message and its place in a queue.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

struct ImportLine {
  core::MessagePtr message;
  store::Target target;  // of the queue
  bool expired = false;  // its time is over
};

// Reads it for a queue of that id and kind. Times of the wall clock become hub time as of `now`; a message from a clock ahead
// has arrived now. Error: invalid.
[[nodiscard]] core::Result<ImportLine> parse_import_line(std::string_view line, store::QueueId queue,
                                                         store::QueueKind kind, core::Now now);

}  // namespace headgate::hub
