// Resources that a store takes: of the disk, of memory, and in bytes written. `headgate store stats` prints
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/histogram.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

// A part of the memory budget: the bytes it takes now, and the most it may take.
struct MemoryPart {
  uint64_t bytes = 0;
  uint64_t bytes_max = 0;
};

// The store's memory budget. None of it grows with the backlog.
struct StoreMemory {
  MemoryPart cache;      // blocks and indexes of files (StoreOptions::cache_bytes, less what memtables take)
  MemoryPart memtables;  // what is in the log and not yet in a file
  MemoryPart tail;       // the newest messages (StoreOptions::tail_bytes)
  MemoryPart index;      // rows of queues' indexes that were looked at last, about
  MemoryPart in_flight;  // what waits to be written and what is being written, about

  [[nodiscard]] uint64_t bytes() const;
  [[nodiscard]] uint64_t bytes_max() const;  // the budget: caches and memtables share theirs
};

struct FamilyStats {
  std::string name;
  uint64_t file_bytes = 0;
  uint64_t live_bytes = 0;              // RocksDB's estimate of what of it is not dead
  std::vector<uint64_t> level_files{};  // by level
};

// Since the hub's start, and what for.
struct WriteStats {
  uint64_t wal_bytes = 0;
  uint64_t table_bytes = 0;  // by flushes and compactions
  uint64_t other_bytes = 0;
  uint64_t payload_bytes = 0;  // bodies of messages that were stored, each once

  [[nodiscard]] uint64_t bytes() const { return wal_bytes + table_bytes + other_bytes; }
};

// Files of a level, of all families together.
struct LevelStats {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// Work of RocksDB beside the writes, now.
struct RocksStats {
  uint64_t compactions_running = 0;
  uint64_t flushes_running = 0;
  bool stalled = false;                   // writes are slowed down or stopped until a compaction has ended
  uint64_t pending_compaction_bytes = 0;  // by RocksDB's estimate
  std::vector<LevelStats> levels{};       // to the last that has files
};

struct StoreStats {
  Identity identity;
  int64_t copied_ms = 0;  // a copy that no hub has opened yet: when it was made
  std::vector<FamilyStats> families;
  uint64_t wal_bytes = 0;     // of the write-ahead logs that are there
  uint64_t queued_bytes = 0;  // of all queues together
  uint64_t queued = 0;
  std::optional<WriteStats> written;  // of a running hub
  std::optional<StoreMemory> memory;  // the same; so are the next three
  std::optional<core::Histogram> sync;
  std::optional<RocksStats> rocks;
  std::string mode = {};  // durability, as the configuration writes it; whoever opened the store says it
};

// Measures a stopped hub's store, and changes nothing. Errors: those of open_queue_reader().
[[nodiscard]] core::Result<StoreStats> read_store_stats(const std::string& store_dir);

// {"hub", "epoch", "copied_ms", "queued", "queued_bytes", "file_bytes", "live_bytes", "wal_bytes",
//  "families": [{"name", "file_bytes", "live_bytes", "level_files": [number…]}…],
//  "written": null or {"bytes", "wal_bytes", "table_bytes", "other_bytes", "payload_bytes",
//  "per_payload_byte": number or null}, "memory": null or as memory_json(), "mode": null or text, "sync": null or
//  {"count", "sum_us", "buckets": [{"le_us" (null: all that took longer), "count" (in this bucket alone)}…]} (syncs since the start),
//  "rocksdb": null or {"compactions_running", "flushes_running", "stalled", "pending_compaction_bytes", "levels": [{"level", "files",
//  "bytes"}…]}}
[[nodiscard]] std::string store_stats_json(const StoreStats& stats);

// {"bytes", "bytes_max", "cache": {"bytes", "bytes_max"}, "memtables", "tail", "index", "in_flight" the same}
[[nodiscard]] std::string memory_json(const StoreMemory& memory);

}  // namespace headgate::store
