// Opening the database of a store and marking it as in use: mended if it is damaged, in the way that the
// disk's room demands. Functions here wait for the disk and may be called on any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "store/accounts/queue_table.h"
#include "store/disk/volume.h"
#include "store/open.h"
#include "store/report/damage.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

// A database that is open and marked as in use, and what was read from it.
struct Opened {
  std::shared_ptr<RocksDb> db;
  Meta meta;
  QueueTable table;
  std::optional<DiskSpace> space;      // before it was opened, if anybody wants to know
  bool compacts = true;                // see RocksDb::set_compacts()
  bool made = false;                   // there was none
  bool upgraded = false;               // it was of an older format
  std::optional<DamageReport> damage;  // that was found and mended now
  bool unmarked_end = false;           // see Replayed
  bool holds_last_group = false;       // the group that failed reached the disk nevertheless
  std::string epoch_before;            // a copy, with an epoch of its own now: what it was
};

// How many seqs are promised to the disk at a time, so that none is used twice after a crash although the
// counter itself is not written with every group.
inline constexpr Seq kSeqLease = 1 << 20;

// Opens the store in options.dir or, with Mode::make, makes it; else `mode` is read_write. `suspect`: what
// damage was met in the database that is opened again; empty: none. Errors: see open_queue_store().
[[nodiscard]] core::Result<Opened> open_database(const StoreOptions& options, RocksDb::Mode mode,
                                                 const std::string& suspect = {});

// Opens a store that was open before, as the one of `epoch`. Errors: those of open_database(), and invalid: it
// is another one, as another disk may be mounted there by now.
[[nodiscard]] core::Result<Opened> open_again(const StoreOptions& options, const std::string& suspect,
                                              const std::string& epoch);

// A new one.
[[nodiscard]] std::string new_epoch();

// The meta row with the next queue id.
[[nodiscard]] KeyValue next_queue_row(QueueId next);

// The meta row that marks a copy.
[[nodiscard]] KeyValue copied_row(uint64_t unix_ms);

}  // namespace headgate::store
