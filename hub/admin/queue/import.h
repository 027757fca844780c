// POST /v1/queues/{name}/import?id=ID&line=N: lines of an export go into a queue, line N of it first.
//
// How many lines of an id are in is written in the same Change as their messages (docs/store-format.md, "Values of the hub"), so
// that after any crash whoever sends them all again doubles none. Without a body it answers how far the id is.
//
//   {"queue", "line", "taken", "repeated", "expired", "refused": [{"line", "error"}…], "stopped"}
//
// `line`: so many lines of the id are dealt with and durable; `repeated` were before; `refused` are wrong and left out. `stopped`:
// why the lines behind `line` are not: the queue has no room, say. Empty: they are.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

[[nodiscard]] AdminReply post_import(const AdminCall& call);

}  // namespace headgate::hub
