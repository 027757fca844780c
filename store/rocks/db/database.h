// The RocksDB database of a store: how it is opened, its column families, keys and small rows.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/accounts/queue_state.h"
#include "store/disk/sync_mark.h"
#include "store/format/block.h"
#include "store/format/group.h"
#include "store/open.h"
#include "store/rocks/db/batch_buffer.h"
#include "store/rocks/db/dead_blocks.h"
#include "store/rocks/db/disk_guard.h"
#include "store/rocks/mend/log_witness.h"

namespace headgate::store {

// RocksDB's status as an error a person can act on; `doing` completes "while …".
[[nodiscard]] core::Error to_error(const rocksdb::Status& status, std::string_view doing);

// An error of the store in `dir`: `what` completes "store …".
[[nodiscard]] core::Unexpected fail_store(core::Errc code, const std::string& dir, const std::string& what);

// A key or a value, as RocksDB has it and as everybody else has it.
[[nodiscard]] inline rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
[[nodiscard]] inline std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

inline constexpr uint32_t kFormatVersion = 2;
inline constexpr uint32_t kFormatWithoutAttributes =
    1;  // is read, and made a 2 when it is opened to be written

// Keys of the meta rows (column family "default").
inline constexpr std::string_view kMetaFormat = "format";
inline constexpr std::string_view kMetaHub = "hub";
inline constexpr std::string_view kMetaEpoch = "epoch";
inline constexpr std::string_view kMetaNextSeq = "next_seq";
inline constexpr std::string_view kMetaNextQueue = "next_queue";
inline constexpr std::string_view kMetaClean = "clean";
inline constexpr std::string_view kMetaEpochBefore = "epoch_before";
inline constexpr std::string_view kMetaDamage = "damage";
inline constexpr std::string_view kMetaCopied = "copied";

// The column families, in the order of RocksDb::all().
inline constexpr std::array<std::string_view, 5> kFamilies{"default", "blk", "idx", "cur", "kv"};
inline constexpr size_t kBlkFamily = 1;

// The family that `name` stands for: "idx" for "idx" and for "idx.2", which took its place.
[[nodiscard]] std::string_view family_of(std::string_view name);
// 1 for "idx", 2 for "idx.2".
[[nodiscard]] unsigned long generation_of(const std::string& name);

// Rows of `cur`: an id is followed by what the row holds.
inline constexpr uint8_t kQueueNameRow = 0;
inline constexpr uint8_t kQueueStateRow = 1;
inline constexpr uint8_t kQueueAttributesRow = 2;

struct Meta {
  Identity identity;
  Seq next_seq = 1;  // after a clean stop the next; otherwise a bound that no used seq reaches
  QueueId next_queue = 1;
  bool clean = false;
  std::string epoch_before;  // the last damage ended it; empty: none has
  std::string damage;        // the report of that, JSON
  uint32_t format = kFormatVersion;
  int64_t copied_ms = 0;  // a copy that nobody has opened to go on with: when it was made (Unix)
};

[[nodiscard]] std::string index_key(LaneId lane, Seq last);
[[nodiscard]] std::string block_key(Seq id);
[[nodiscard]] std::string queue_name_key(QueueId queue);
[[nodiscard]] std::string queue_state_key(QueueId queue);
[[nodiscard]] std::string queue_attributes_key(QueueId queue);

// Bytes of options.cache_bytes that memtables may take: then they are written to files.
[[nodiscard]] inline size_t memtable_bytes_max(const StoreOptions& options) {
  return options.cache_bytes * 3 / 4;
}

// The last seq in an index key.
[[nodiscard]] Seq index_key_last(const rocksdb::Slice& key);

// Holds RocksDB's lock file, so that no other process can open the store.
class DirLock {
 public:
  DirLock(rocksdb::Env* env, rocksdb::FileLock* lock) : env_(env), lock_(lock) {}
  ~DirLock();
  DirLock(const DirLock&) = delete;
  DirLock& operator=(const DirLock&) = delete;

 private:
  rocksdb::Env* env_;
  rocksdb::FileLock* lock_;
};

// Where the reading of the log ends. intact: it has no record that cannot be read, or it is an error; at_damage:
// before the first such record, what follows is dropped; past_damage: it passes over such records.
enum class LogEnd { intact, at_damage, past_damage };

class RocksDb {
 public:
  // salvage: opens whatever can be opened, passing over damaged records of the log and damaged files, and
  // lets them lie. view: as it is now, beside the process that has it open; files of its own go to options.scratch_dir.
  enum class Mode { make, read_write, read_only, salvage, view };

  // Opens what is in options.dir or, with Mode::make, makes it. `witness`, if not null, is shown the log.
  // Errors: see open_queue_store().
  static core::Result<std::unique_ptr<RocksDb>> open(const StoreOptions& options, Mode mode,
                                                     const std::shared_ptr<LogWitness>& witness = nullptr,
                                                     LogEnd end = LogEnd::intact);
  ~RocksDb();
  RocksDb(const RocksDb&) = delete;
  RocksDb& operator=(const RocksDb&) = delete;

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] const std::string& dir() const { return dir_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return handles_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* blk() const { return handles_[1]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* idx() const { return handles_[2]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* cur() const { return handles_[3]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* kv() const { return handles_[4]; }
  [[nodiscard]] const std::vector<rocksdb::ColumnFamilyHandle*>& all() const { return handles_; }

  // The meta rows. Errors: not_found (none: a store that is being made), invalid (newer format), corrupt, io.
  [[nodiscard]] core::Result<Meta> read_meta();

  // Every queue, in id order. Errors: corrupt, io.
  [[nodiscard]] core::Result<std::vector<std::unique_ptr<QueueState>>> read_queues();

  // Writes a group, encoding its segments first. On the writer thread. Errors: io, full, corrupt. After one,
  // here or in what RocksDB does by itself, nothing reaches the disk any more: close this and open it again.
  [[nodiscard]] core::Status write(Group& group, bool sync);

  [[nodiscard]] core::Status sync_wal();

  // An error if write() would fail. On any thread.
  [[nodiscard]] core::Status check_disk();

  // Turns a status into an error, and remembers it if RocksDB found a file damaged. On any thread.
  [[nodiscard]] core::Error to_error(const rocksdb::Status& status, std::string_view doing);
  // True once RocksDB has found damage, and what it was: the database is to be closed and mended then. On any
  // thread.
  [[nodiscard]] bool met_damage() const { return met_damage_; }
  [[nodiscard]] core::Error damage() const;

  // RocksDB itself waits for ever for a flush that failed, and for a stall that only such a flush would end. These give
  // up with the disk, when the store is closed, and after a minute. Errors: io, full, corrupt, unavailable.
  core::Status write_rows(rocksdb::WriteBatch& batch, bool sync = false);
  core::Status flush(rocksdb::ColumnFamilyHandle* family);

  // Makes an empty family that can take the place of `old`, one of all(). Until it has, it is dropped when
  // the database is opened. Errors: io, full.
  [[nodiscard]] core::Result<rocksdb::ColumnFamilyHandle*> make_replacement(rocksdb::ColumnFamilyHandle* old);
  // Puts it there; the rows of `old` are given up. Errors: io, full.
  core::Status replace_family(rocksdb::ColumnFamilyHandle* old, rocksdb::ColumnFamilyHandle* with);

  // Every block up to it has left the memtable that was written to last. On any thread.
  [[nodiscard]] Seq sealed_blocks() const { return dead_blocks_->sealed(); }

  // Gives back the space of blocks below `floor`, which what is written must say are all dead; syncs that
  // first, and does nothing if it cannot. Reclaim::below_floor writes at most `room_bytes`. On the
  // housekeeper's thread, which also makes copies.
  void reclaim(Reclaim what, Seq floor, uint64_t room_bytes);

  // Makes a copy or a compaction that another thread is making fail soon, and what waits for one. On any thread.
  void stop_long_work() {
    stopping_ = true;
    disk_.guard->stop_copies();
  }

  // Since it was opened; and in the write-ahead logs that are there. On any thread.
  [[nodiscard]] WrittenBytes written() const { return disk_.guard->written(); }
  [[nodiscard]] uint64_t live_wal_bytes() const { return disk_.guard->live_wal_bytes(); }

  // Bytes of cache_bytes that memtables take, and that blocks and indexes take. On any thread.
  [[nodiscard]] uint64_t memtable_bytes() const { return buffers_->memory_usage(); }
  [[nodiscard]] uint64_t cached_bytes() const;

  // Whether files are compacted by themselves, which takes up the space of the new ones before it gives back
  // that of the old. If not, the log gives back its room now, once the compactions under way have given back theirs:
  // together they might find less than both need. On the housekeeper's thread.
  void set_compacts(bool compacts);
  // Bytes that are not compacted for the first time yet: at most so much do RocksDB's own compactions write before they
  // free more. On any thread.
  [[nodiscard]] uint64_t level0_bytes() const;

 private:
  // The file system that the database is on, guarded against what comes after an error.
  struct Disk {
    Disk(rocksdb::Env* base, const std::string& dir);
    std::shared_ptr<DiskGuard> guard;
    std::unique_ptr<rocksdb::Env> env;
  };

  RocksDb(std::string dir, Disk disk, const rocksdb::DBOptions& options,
          std::shared_ptr<rocksdb::Cache> cache, std::shared_ptr<DeadBlocks> dead_blocks)
      : dir_(std::move(dir)),
        disk_(std::move(disk)),
        buffers_(options.write_buffer_manager),
        cache_(std::move(cache)),
        dead_blocks_(std::move(dead_blocks)) {}

  [[nodiscard]] core::Status wait_for_flushes(rocksdb::ColumnFamilyHandle* family);
  [[nodiscard]] bool give_up_at(int polls) const;
  void flush_all();
  void wait_for_compactions();
  void drop_dead_files(Seq floor);
  void compact_all(Seq floor);
  void compact_below(Seq floor);
  [[nodiscard]] std::optional<uint64_t> compact_below_bytes(Seq floor) const;
  [[nodiscard]] core::Status checked(const rocksdb::Status& status, std::string_view doing);
  void synced(SyncedUpTo up_to);
  core::Status drop_leftovers();

  std::string dir_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> met_damage_ = false;
  mutable std::mutex damage_mutex_;
  core::Error damage_;
  std::atomic<Seq> written_ = 0;        // everything up to it
  std::atomic<bool> scattered_ = true;  // blocks were deleted that lie in files
  std::unique_ptr<SyncMark> synced_;    // null: read_only
  Disk disk_;
  std::shared_ptr<rocksdb::WriteBufferManager> buffers_;
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<DeadBlocks> dead_blocks_;
  std::shared_ptr<LogWitness> witness_;  // RocksDB looks at it again whenever it writes down its options
  std::unique_ptr<DirLock> lock_;        // read_only; a database that can be written holds the lock itself
  std::unique_ptr<rocksdb::DB> db_;
  BatchBuffer batch_;  // of write(), on the writer's thread
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace headgate::store
