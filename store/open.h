// The durable QueueStore, on RocksDB. Format: docs/store-format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/executor.h"
#include "core/log.h"
#include "core/result.h"
#include "store/disk/space_watch.h"
#include "store/durability.h"
#include "store/durable_store.h"
#include "store/queue_store.h"

namespace rocksdb {
class Env;
}

namespace headgate::store {

// Where a hub keeps its store, inside its data directory: other files may lie beside it.
inline constexpr std::string_view kStoreDirName = "store";

// How a database uses the disk's room. What it may take up for a while, before it gives back more, follows
// `unit_bytes`: files and log, the first level, and what is compacted at a time.
struct DiskUse {
  bool compacts = true;  // compacts by itself, see RocksDb::set_compacts()
  uint64_t unit_bytes = 16u << 20;
};

// Defaults are those of headgate.json (`store`).
struct StoreOptions {
  std::string dir;                 // a directory of the store's own: empty, missing, or a store
  std::string hub_id;              // written into a new store; an existing one must have the same
  bool hub_id_is_a_guess = false;  // nobody has said it: an existing store's own id counts
  Durability durability;
  size_t cache_bytes = 8u << 20;  // RocksDB's blocks, indexes and memtables together
  size_t tail_bytes = 8u << 20;   // the newest messages, kept for consumers that keep up
  size_t holes_max = 64;  // finished ranges behind the head of a lane; with more, rows are written anew
  int tables_open_max =
      256;  // files of a backlog that are open at a time; others are opened when they are read
  SpaceLimits space = {.min_free_bytes = 64u << 20,
                       .reserve_bytes = 32u << 20};  // what the disk must keep free
  std::shared_ptr<Volume> volume;                    // whom to ask for that; null = the operating system
  DiskUse disk_use;                                  // set by the store itself, from what the volume says
  std::string scratch_dir;                           // of open_live_reader() alone
  rocksdb::Env* env = nullptr;  // the file system to use; null = the operating system's; not owned
};

// Opens the store in options.dir, or makes one. Reads a few rows per queue, however much is queued.
// `executor` and `log` must outlive the store. Without close(), the destructor leaves the store as a crash
// of the process would.
// Errors: unavailable (in use by another process), invalid (another hub's, newer format, not a store),
// corrupt, io, full.
[[nodiscard]] core::Result<std::unique_ptr<DurableStore>> open_queue_store(const StoreOptions& options,
                                                                           core::Executor& executor,
                                                                           core::Log& log);

// Opens a stopped hub's store without changing it. Errors: as above, and not_found.
[[nodiscard]] core::Result<std::unique_ptr<QueueReader>> open_queue_reader(const std::string& dir);

// Opens the store of a hub that has it in use, as it is now, without its lock and without changing it: a view, which does not
// follow what the hub does from then on. `scratch_dir` is a directory outside for what is written for that. Errors: as above.
[[nodiscard]] core::Result<std::unique_ptr<QueueReader>> open_live_reader(const std::string& dir,
                                                                          const std::string& scratch_dir);

}  // namespace headgate::store
