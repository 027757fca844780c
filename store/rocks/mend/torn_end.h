// The one way to read a store's log, for the hub and for whoever only looks: what a power cut tore behind the
// synced end was never promised and is no damage; what is missing before it is.
#pragma once

#include <memory>
#include <vector>

#include "core/result.h"
#include "store/open.h"
#include "store/report/damage.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

// A database whose log was read as far as it can be.
struct Replayed {
  std::unique_ptr<RocksDb> db;
  std::vector<SeqRange> missing;  // seqs that were synced and that the log lacks; empty: none
  bool unmarked_end = false;      // its end was torn, and there was no mark to say what had been synced
};

// `mode`: make, read_write or read_only. Without a mark of what was synced, an end is torn if nothing can be read
// behind it. Errors: those of RocksDb::open(); corrupt: it is damaged.
[[nodiscard]] core::Result<Replayed> open_past_torn_end(const StoreOptions& options, RocksDb::Mode mode);

// Does the same, and takes a log that lacks what was synced for corrupt. For readers of a stopped hub's store.
[[nodiscard]] core::Result<std::unique_ptr<RocksDb>> open_to_read(const StoreOptions& options);

// Error corrupt: says what is missing.
[[nodiscard]] core::Unexpected fail_missing(const StoreOptions& options,
                                            const std::vector<SeqRange>& missing);

}  // namespace headgate::store
