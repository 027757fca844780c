// A look through a lane on another thread than the loop's: from what the loop knew of the lane when it began.
#pragma once

#include "core/result.h"
#include "store/accounts/lane.h"
#include "store/queue_store.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

// Copy of what the loop keeps of a lane, for who looks at its rows.
struct LaneView {
  LaneProgress progress;
  Seq durable_last = 0;
  QueuePolicy policy;
};

// Does QueueReader::look() on the calling thread. A row may be written anew, and its blocks deleted, while this goes on: what
// is missing then is looked for once more. Errors: corrupt (of the index), io.
[[nodiscard]] core::Result<Looked> look_through(RocksDb& db, const LaneView& lane, const Look& look,
                                                const QueueReader::Judge& judge);

}  // namespace headgate::store
