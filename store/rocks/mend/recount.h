// Makes the rows of a store agree with each other again after some were lost.
#pragma once

#include <rocksdb/write_batch.h>

#include <vector>

#include "store/report/damage.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

struct Recounted {
  std::vector<LaneLoss> lost;
  QueueId next_queue = 1;      // greater than every id
  Seq last_seq = 0;            // the greatest in any lane
  rocksdb::WriteBatch states;  // of all queues, still to be written
};

// Reads everything but the small values. Rows and blocks that nobody wants are deleted. The states of the
// queues that put it right are returned, so that they can be written together with what was lost: what waits
// is what can be delivered, what is lost is counted as dead, and `$` queues have a gap. `lost_queues`: queues
// may be missing; entries of such a one come into a queue "recovered-queue-<id>". Done again after a crash it
// does the rest. Errors: corrupt, io, full.
[[nodiscard]] core::Result<Recounted> recount(RocksDb& db, bool lost_queues);

}  // namespace headgate::store
